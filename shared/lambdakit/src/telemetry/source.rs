//! The source of a log line: the fields that every line of a function has.

use std::fmt::Display;
use std::sync::OnceLock;

use serde_json::json;

use super::line::{self, Line};
use crate::config::{self, ConfigError};

static SOURCE: OnceLock<Source> = OnceLock::new();

#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) service: String,
    pub(super) stage: String,
    pub(super) function: String,
    /// Namespace of the function's metrics in CloudWatch.
    pub(super) namespace: String,
}

impl Source {
    /// Reads `SERVICE`, `STAGE`, `METRICS_NAMESPACE` and `AWS_LAMBDA_FUNCTION_NAME`.
    pub(super) fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            service: config::required("SERVICE")?,
            stage: config::required("STAGE")?,
            namespace: config::required("METRICS_NAMESPACE")?,
            function: config::required("AWS_LAMBDA_FUNCTION_NAME")?,
        })
    }

    /// The source of all lines of this process, if it was [set](Self::set).
    pub(super) fn get() -> Option<&'static Self> {
        SOURCE.get()
    }

    /// Sets the source of all lines of this process, once: later calls read the same variables.
    pub(super) fn set(self) {
        SOURCE.get_or_init(|| self);
    }

    pub(super) fn add_to(&self, line: &mut Line) {
        line.add("service", &self.service);
        line.add("stage", &self.stage);
        line.add("function", &self.function);
    }
}

/// Logs why a function could not start.
#[expect(clippy::print_stdout, reason = "Lambda collects its logs from stdout")]
pub(crate) fn init_failed(error: &dyn Display) {
    println!("{}", json!({ "timestamp": line::now(), "level": "ERROR", "message": error.to_string() }));
}
