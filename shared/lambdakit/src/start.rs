//! Init and the loop of invocations, which all functions share.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ConfigError, telemetry};

/// What an invocation returns. Boxed, because the types of the SDK's futures nest too deeply for
/// the compiler.
pub(crate) type Invoked<R, E> = Pin<Box<dyn Future<Output = Result<R, E>>>>;

/// Builds the handler of a function at init, and passes it each invocation.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub(crate) async fn run<H, P, R, E>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
    invoke: impl Fn(Arc<H>, LambdaEvent<P>) -> Invoked<R, E> + Clone,
) -> Result<(), lambda_runtime::Error>
where
    P: DeserializeOwned,
    R: Serialize,
    E: Into<Diagnostic> + Debug,
{
    let handler = Arc::new(start(build).await?);
    lambda_runtime::run(service_fn(move |event| invoke(Arc::clone(&handler), event))).await
}

/// Initializes telemetry, then builds what the function needs. An error is logged and ends the
/// process, so that Lambda reports a failed init.
pub(crate) async fn start<T>(build: impl AsyncFnOnce() -> Result<T, ConfigError>) -> Result<T, ConfigError> {
    let init = async {
        telemetry::init()?;
        build().await
    };
    init.await.inspect_err(|error| telemetry::init_failed(error))
}

/// Logs an invocation whose payload is no event of the function's trigger.
#[cfg(any(feature = "http", feature = "outbox"))]
pub(crate) fn malformed(context: &lambda_runtime::Context, error: &crate::json::Unreadable) -> Diagnostic {
    let (error_type, error_message) = ("Malformed".to_owned(), error.to_string());
    let invocation = telemetry::Invocation::begin(Some(context));
    invocation.scope(|| telemetry::field("error", &error_message));
    invocation.end(telemetry::Outcome::Failed);
    Diagnostic { error_type, error_message }
}
