//! Values that must not be shown: secrets and personal data.
//!
//! A value leaks by accident: through the `Debug` of a struct that contains it, the message of a
//! panic, or a response that serializes more than was meant. [`Redacted`] makes these show a fixed
//! text, so that a leak takes an explicit [`reveal`](Redacted::reveal). Whatever reads the value in
//! is not affected.
//!
//! ```
//! use lambdakit::masking::Redacted;
//!
//! #[derive(Debug, serde::Serialize, serde::Deserialize)]
//! struct SignUp {
//!     user: String,
//!     email: Redacted<String>,
//! }
//!
//! let sign_up: SignUp = serde_json::from_str(r#"{"user": "grace", "email": "grace@example.com"}"#)?;
//! assert_eq!(format!("{sign_up:?}"), r#"SignUp { user: "grace", email: [redacted] }"#);
//! assert_eq!(serde_json::to_string(&sign_up)?, r#"{"user":"grace","email":"[redacted]"}"#);
//! assert_eq!(sign_up.email.reveal(), "grace@example.com");
//! # Ok::<_, serde_json::Error>(())
//! ```
//!
//! # Limits
//!
//! - A redacted value cannot be stored or sent by serializing it: reveal it for that.
//! - Its memory is not overwritten when it is dropped, and a core dump contains it.
//! - Comparing two values takes a time that depends on them. Compare their hashes where an attacker
//!   could measure that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// What is shown instead of a value.
const TEXT: &str = "[redacted]";

/// A value that is shown as `[redacted]`. It has no `Display`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Redacts a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for processing; never for logs.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value, no longer redacted.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TEXT)
    }
}

impl<T> Serialize for Redacted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(TEXT)
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: FromStr> FromStr for Redacted<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.parse().map(Self)
    }
}

/// A key or password, which is not empty: an empty one would let everybody in where it is compared.
#[derive(Clone, Debug)]
pub struct Secret(Redacted<String>);

/// A secret without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret must not be empty")]
pub struct EmptySecret;

impl FromStr for Secret {
    type Err = EmptySecret;

    fn from_str(secret: &str) -> Result<Self, EmptySecret> {
        if secret.is_empty() { Err(EmptySecret) } else { Ok(Self(Redacted(secret.to_owned()))) }
    }
}

impl Secret {
    /// The secret value, to send it or to sign with it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacted_values_are_read_like_others() {
        let number: Redacted<u8> = serde_json::from_str("7").unwrap();
        assert_eq!((number, *number.reveal(), number.into_inner()), (Redacted::new(7), 7, 7));
        assert_eq!("7".parse::<Redacted<u8>>().unwrap(), number);
        assert!(serde_json::from_str::<Redacted<u8>>("256").is_err());
    }

    #[test]
    fn secrets_are_redacted_and_not_empty() {
        let secret: Secret = "hush".parse().unwrap();
        assert_eq!((format!("{secret:?}").as_str(), secret.reveal()), ("Secret([redacted])", "hush"));
        assert_eq!("".parse::<Secret>().unwrap_err(), EmptySecret);
    }
}
