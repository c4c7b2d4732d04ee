//! Records of the `log` crate, as events.

use std::sync::OnceLock;

use log::{LevelFilter, Log, Metadata, Record};
use serde_json::Value;
use tracing::Level;
use tracing_subscriber::{Layer, Registry};

use super::recorder::{Recorder, write};

static LOGGER: OnceLock<Recorder> = OnceLock::new();

/// Receives the records of the `log` crate from now on.
pub(super) fn set_logger(recorder: Recorder) -> Result<(), log::SetLoggerError> {
    let recorder = LOGGER.get_or_init(|| recorder);
    log::set_logger(recorder)?;
    let filter: &dyn Layer<Registry> = &recorder.filter;
    let most = filter.max_level_hint().and_then(|filter| filter.to_string().parse().ok());
    log::set_max_level(most.unwrap_or(LevelFilter::Trace));
    Ok(())
}

impl Log for Recorder {
    fn enabled(&self, record: &Metadata<'_>) -> bool {
        self.filter.would_enable(record.target(), &level(record.level()))
    }

    fn log(&self, record: &Record<'_>) {
        if Log::enabled(self, record.metadata()) {
            let message = self.message(record.target(), record.args());
            let fields = message.map(|message| ("message", Value::from(message)));
            let level = level(record.level()).as_str();
            write(level, record.target(), record.line(), fields.into_iter().collect());
        }
    }

    fn flush(&self) {}
}

fn level(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::ERROR,
        log::Level::Warn => Level::WARN,
        log::Level::Info => Level::INFO,
        log::Level::Debug => Level::DEBUG,
        log::Level::Trace => Level::TRACE,
    }
}
