//! Authentication and authorization: callers of an API, tokens, sign-ups, and signatures of webhooks.

#[cfg(feature = "tokens")]
pub mod authorizer;
pub mod caller;
#[cfg(feature = "tokens")]
pub mod jwt;
pub mod sign_up;
pub mod signature;
