//! One executable for several functions: which of them it is to be.
//!
//! Lambda hands a custom runtime the function's handler setting in the environment variable `_HANDLER`. An executable
//! that is deployed for several functions matches on it, and each function keeps a role, an environment and a memory
//! size of its own.

use crate::config::{self, ConfigError};
use crate::telemetry;

const HANDLER: &str = "_HANDLER";

/// The function's handler setting.
///
/// # Errors
/// When the variable is not there, which is written to the log.
pub fn name() -> Result<String, ConfigError> {
    config::required(HANDLER).inspect_err(|error| telemetry::init_failed(error))
}

/// Refuses a handler setting that the executable has no function for. It is written to the log, and Lambda reports a
/// failed init.
#[must_use]
pub fn unknown(name: &str) -> lambda_runtime::Error {
    let reason = format!("the executable has no function `{name}`");
    let error = ConfigError::Invalid { name: HANDLER, reason };
    telemetry::init_failed(&error);
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_handler_is_named() {
        assert!(unknown("basket-apj").to_string().contains("no function `basket-apj`"));
    }
}
