use crate::{ConfigError, telemetry};

/// Init: who is speaking, then what the function needs. An error is written to the log and ends
/// the process, so that Lambda reports a failed init and not a function that cannot work.
pub(crate) async fn start<T>(build: impl AsyncFnOnce() -> Result<T, ConfigError>) -> Result<T, ConfigError> {
    let init = async {
        telemetry::init()?;
        build().await
    };
    init.await.inspect_err(|error| telemetry::init_failed(error))
}
