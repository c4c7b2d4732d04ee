//! Configuration of a function from environment variables, read once at init.

use std::fmt::Display;
use std::str::FromStr;

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or is empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// The variable has an invalid value.
    #[error("environment variable {name} is wrong: {reason}")]
    Invalid {
        /// Name of the variable.
        name: &'static str,
        /// Why the value is invalid.
        reason: String,
    },
}

/// Reads a variable that may be missing. An empty value counts as missing.
#[must_use]
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads a variable that must be set and not empty.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

/// Reads and parses a variable that must be set.
pub fn parsed<T: FromStr<Err: Display>>(name: &'static str) -> Result<T, ConfigError> {
    parsed_optional(name)?.ok_or(ConfigError::Missing(name))
}

/// Reads and parses a variable that may be missing.
pub fn parsed_optional<T: FromStr<Err: Display>>(name: &'static str) -> Result<Option<T>, ConfigError> {
    let parsed = optional(name).map(|value| value.parse()).transpose();
    parsed.map_err(|error: T::Err| ConfigError::Invalid { name, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_variable() {
        let missing = required("LAMBDAKIT_NO_SUCH_VARIABLE").unwrap_err().to_string();
        assert_eq!(missing, "environment variable LAMBDAKIT_NO_SUCH_VARIABLE is not set");
        let invalid = parsed::<u32>("PATH").unwrap_err().to_string();
        assert!(invalid.starts_with("environment variable PATH is wrong: "), "{invalid}");
    }
}
