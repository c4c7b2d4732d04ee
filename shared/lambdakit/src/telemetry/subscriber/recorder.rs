//! Adds events and spans to log lines, without what may be personal.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Debug};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::literal::literal;
use crate::telemetry;
use crate::telemetry::events::is_debug;
use crate::telemetry::invocation::with_current;
use crate::telemetry::line::{self, Line};
use crate::telemetry::source::Source;

/// The name that `tracing` gives the message of an event.
const MESSAGE: &str = "message";

/// Fields that may be logged, because they never hold secrets or personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The target of the events and spans: a module's path, which includes the modules below.
    pub target: &'static str,
    /// The names of their fields.
    pub fields: &'static [&'static str],
}

/// Adds events and spans to log lines.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) allowed: &'static [Allowed],
    /// The events and spans that are enabled.
    pub(super) filter: Targets,
}

impl Recorder {
    pub(super) fn into_layer<S: Subscriber + for<'a> LookupSpan<'a>>(self) -> impl Layer<S> {
        let filter = self.filter.clone();
        self.with_filter(filter)
    }

    fn is_allowed(&self, target: &str, field: &str) -> bool {
        let is_within = |path: &str| {
            target.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        self.allowed.iter().any(|allowed| is_within(allowed.target) && allowed.fields.contains(&field))
    }

    pub(super) fn message(&self, target: &str, message: &dyn Debug) -> Option<String> {
        if self.is_allowed(target, MESSAGE) { Some(format!("{message:?}")) } else { literal(message) }
    }

    fn fields(
        &self,
        metadata: &Metadata<'_>,
        record: impl FnOnce(&mut Fields<'_>),
    ) -> Vec<(&'static str, Value)> {
        let mut fields = Fields { recorder: self, target: metadata.target(), values: Vec::new() };
        record(&mut fields);
        fields.values
    }
}

/// The allowed fields of an event or span.
struct Fields<'a> {
    recorder: &'a Recorder,
    target: &'a str,
    values: Vec<(&'static str, Value)>,
}

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        if self.recorder.is_allowed(self.target, field.name()) {
            self.values.push((field.name(), value.into()));
        }
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_debug(field, &Causes(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == MESSAGE {
            let message = self.recorder.message(self.target, value);
            self.values.extend(message.map(|message| (MESSAGE, message.into())));
        } else if self.recorder.is_allowed(self.target, field.name()) {
            self.values.push((field.name(), format!("{value:?}").into()));
        }
    }
}

struct Causes<'a>(&'a (dyn Error + 'static));

impl Debug for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&telemetry::causes(self.0))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        add_to_line(self.fields(span.metadata(), |fields| span.record(fields)));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, subscriber: Context<'_, S>) {
        if let Some(metadata) = subscriber.metadata(id) {
            add_to_line(self.fields(metadata, |fields| values.record(fields)));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let fields = self.fields(metadata, |fields| event.record(fields));
        write(metadata.level().as_str(), metadata.target(), metadata.line(), fields);
    }
}

/// Adds the fields of a span to the line of the current invocation.
fn add_to_line(fields: Vec<(&'static str, Value)>) {
    for (name, value) in fields {
        let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
        telemetry::add_to_set(name, &text);
    }
}

/// Adds an event to the line of the current invocation.
pub(super) fn write(
    level: &'static str,
    target: &str,
    source_line: Option<u32>,
    fields: Vec<(&'static str, Value)>,
) {
    let event = |line: &mut Line| {
        line.add("target", target);
        if !fields.iter().any(|(name, _)| *name == MESSAGE) {
            line.add("line", &source_line);
        }
        for (name, value) in &fields {
            line.add(*name, value);
        }
    };
    let written = with_current(|invocation| {
        let mut line = Line::default();
        line.add("atMs", &invocation.elapsed_ms());
        line.add("level", level);
        event(&mut line);
        invocation.collected().events.add(level, &line);
    });
    if written.is_none() && !is_debug(level) {
        let mut line = start_line(level);
        event(&mut line);
        line.write();
    }
}

/// The start of a line that belongs to no invocation.
pub(super) fn start_line(level: &str) -> Line {
    let mut line = Line::default();
    line.add("timestamp", &line::now());
    line.add("level", level);
    if let Some(source) = Source::get() {
        source.add_to(&mut line);
    }
    line
}
