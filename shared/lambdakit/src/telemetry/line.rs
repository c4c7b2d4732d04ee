//! A JSON object whose fields stay in the order in which they were added.

use std::borrow::Cow;

use chrono::{SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// The fields of a log line, with values as they were serialized.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(Cow<'static, str>, Box<RawValue>)>);

impl Line {
    /// Adds a field. One that cannot be serialized is omitted, so that the rest of the line is
    /// written.
    pub(super) fn add(&mut self, name: impl Into<Cow<'static, str>>, value: &(impl Serialize + ?Sized)) {
        if let Ok(value) = to_raw_value(value) {
            self.add_raw(name, value);
        }
    }

    /// Adds a field whose value is JSON.
    pub(super) fn add_raw(&mut self, name: impl Into<Cow<'static, str>>, value: Box<RawValue>) {
        self.0.push((name.into(), value));
    }

    /// Adds the fields of another line.
    pub(super) fn extend(&mut self, fields: &Self) {
        self.0.extend(fields.0.iter().cloned());
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| format!("{{\"logError\":\"{error}\"}}"))
    }

    /// Writes the line to the log.
    #[expect(clippy::print_stdout, reason = "Lambda collects its logs from stdout")]
    pub(super) fn write(&self) {
        println!("{}", self.to_json());
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The current time, as log lines have it.
pub(super) fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}
