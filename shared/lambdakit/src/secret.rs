//! A value that must not be logged.

use std::fmt;
use std::str::FromStr;

/// A secret value. It has no `Display`, and its `Debug` output does not contain it.
#[derive(Clone)]
pub struct Secret(String);

/// A secret without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret must not be empty")]
pub struct EmptySecret;

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl FromStr for Secret {
    type Err = EmptySecret;

    fn from_str(secret: &str) -> Result<Self, EmptySecret> {
        if secret.is_empty() { Err(EmptySecret) } else { Ok(Self(secret.to_owned())) }
    }
}

impl Secret {
    /// Wraps this secret value.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret value, to send it or to sign with it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_in_no_debug_output() {
        assert_eq!(format!("{:?}", Secret::new("hush".to_owned())), "[secret]");
    }

    #[test]
    fn a_secret_is_not_empty() {
        assert_eq!("hush".parse::<Secret>().unwrap().reveal(), "hush");
        assert_eq!("".parse::<Secret>().unwrap_err(), EmptySecret);
    }
}
