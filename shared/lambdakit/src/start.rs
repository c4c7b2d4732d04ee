use crate::{ConfigError, telemetry};

/// Initializes telemetry, then builds what the function needs. An error is logged and ends the
/// process, so that Lambda reports a failed init.
pub(crate) async fn start<T>(build: impl AsyncFnOnce() -> Result<T, ConfigError>) -> Result<T, ConfigError> {
    let init = async {
        telemetry::init()?;
        build().await
    };
    init.await.inspect_err(|error| telemetry::init_failed(error))
}
