//! Authentication and authorization: callers of an API, tokens, and sign-ups.

#[cfg(feature = "jwt")]
pub mod authorizer;
#[cfg(feature = "http")]
pub mod caller;
#[cfg(feature = "jwt")]
pub mod jwt;
pub mod sign_up;
