//! A secret of AWS Secrets Manager, read once at init.
//!
//! After a secret changes, restart the functions that use it: an update of their configuration
//! does.

use std::fmt;

use crate::aws::{Aws, AwsError};
use crate::config::{self, ConfigError};

/// A secret value. It has no `Display`, and its `Debug` output does not contain it.
#[derive(Clone)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Secret {
    /// Wraps this secret value.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret whose ARN is in this variable.
    ///
    /// # Errors
    /// When the variable is not set, or the secret cannot be read.
    pub async fn from_env(aws: &Aws, variable: &'static str) -> Result<Self, ConfigError> {
        let id = config::required(variable)?;
        let invalid = |reason| ConfigError::Invalid { name: variable, reason };
        let read = aws.secrets().get_secret_value().secret_id(id).send().await;
        let read = read.map_err(|error| invalid(AwsError::from(error).to_string()))?;
        let secret = read.secret_string.filter(|secret| !secret.is_empty());
        secret.map(Self).ok_or_else(|| invalid("the secret holds no text".to_owned()))
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
}
