//! Handler selection for an executable that is deployed as several functions.
//!
//! Lambda passes the function's handler setting to a custom runtime in the environment variable
//! `_HANDLER`. The executable matches on it. Each function keeps its own role, environment and
//! memory size.

use crate::config::{self, ConfigError};
use crate::telemetry;

const HANDLER: &str = "_HANDLER";

/// The function's handler setting.
///
/// # Errors
/// When the variable is not set. The error is logged.
pub fn name() -> Result<String, ConfigError> {
    config::required(HANDLER).inspect_err(|error| telemetry::init_failed(error))
}

/// Logs and returns the error for a handler setting that the executable does not support. Lambda
/// reports a failed init.
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
