//! Events and spans of `tracing` in the log line of their invocation.
//!
//! Libraries log with `tracing`: the Lambda runtime, the AWS SDK, and perhaps the function itself. A
//! subscriber that prints them writes a line per event, beside the one line per invocation, and
//! their fields show whatever the library had at hand: the SDK's debug events contain request
//! bodies. So this subscriber adds events to the line, and only what is known to be harmless:
//!
//! - of an event its level, target and time, and its message if that is a text literal of the
//!   program. If it is not, the number of the event's line in the source takes its place.
//! - of events and spans the fields that the function [allows](Allowed) by target and name.
//!
//! Debug events say little until something fails. They are kept in memory, and written if the
//! invocation fails.
//!
//! ```
//! use lambdakit::telemetry::subscriber::{self, Allowed};
//!
//! const ALLOWED: &[Allowed] = &[
//!     Allowed { target: "basket", fields: &["itemId"] },
//!     Allowed { target: "aws_smithy_runtime", fields: &["rpc.method"] },
//! ];
//!
//! subscriber::init(ALLOWED);
//! tracing::info!(itemId = 7, userName = "grace", "item added"); // without the user's name
//! ```
//!
//! `LAMBDAKIT_LOG` selects the events, by default `info`. It has a level, or levels by target:
//! `info,aws_smithy_runtime=debug`. Without it, `AWS_LAMBDA_LOG_LEVEL` applies, which Lambda sets
//! from the function's configuration.
//!
//! Events are in the line's field `events`. The fields of spans are fields of the line itself, with a
//! plural name if they have several values. If an event is more severe than the outcome of the
//! invocation, the line has the level of the event. An event outside an invocation is a line of its
//! own, unless it is a debug event.
//!
//! The feature `log` adds records of the `log` crate, with the same rules.
//!
//! # Limits
//!
//! - Events have 32 KiB of a line, and debug events as much again. The oldest are dropped, and
//!   counted in `droppedEvents`.
//! - Tasks that the handler spawns are outside its invocation.
//! - Text literals are recognized on Linux only. Elsewhere only allowed messages are written:
//!   `message` is the name of their field.

mod literal;
mod recorder;
#[cfg(feature = "log")]
mod records;

use std::env;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

pub use self::recorder::Allowed;
use self::recorder::{Recorder, start_line};

/// Makes log lines the global subscriber. Never fails: if there is a subscriber already, that stays,
/// and a log line says so.
pub fn init(allowed: &'static [Allowed]) {
    let recorder = recorder(allowed);
    #[cfg(feature = "log")]
    if let Err(error) = records::set_logger(recorder.clone()) {
        report(&format!("records of the log crate are not logged: {error}"));
    }
    let subscriber = Registry::default().with(recorder.into_layer());
    if let Err(error) = tracing::subscriber::set_global_default(subscriber) {
        report(&format!("events of tracing are not logged: {error}"));
    }
}

/// The layer for a subscriber with further layers, for example one that exports spans.
#[must_use]
pub fn layer<S>(allowed: &'static [Allowed]) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    recorder(allowed).into_layer()
}

fn recorder(allowed: &'static [Allowed]) -> Recorder {
    Recorder { allowed, filter: filter(|name| env::var(name).ok()) }
}

/// Logs what is wrong with the settings of logging.
fn report(reason: &str) {
    let mut line = start_line("WARN");
    line.add("message", reason);
    line.write();
}

/// The events that are enabled, by `LAMBDAKIT_LOG` or else `AWS_LAMBDA_LOG_LEVEL`. A value that
/// cannot be read is logged and has no effect.
fn filter(variable: impl Fn(&str) -> Option<String>) -> Targets {
    for name in ["LAMBDAKIT_LOG", "AWS_LAMBDA_LOG_LEVEL"] {
        let Some(value) = variable(name).filter(|value| !value.is_empty()) else { continue };
        // Lambda's levels are those of `tracing`, and one more.
        let value = if value.eq_ignore_ascii_case("fatal") { "error" } else { &value };
        match value.parse() {
            Ok(targets) => return targets,
            Err(error) => report(&format!("environment variable {name} is wrong: {error}")),
        }
    }
    Targets::new().with_default(LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::Value;
    use tracing::{debug, error, info, info_span, trace, warn};

    use super::*;
    use crate::telemetry::tests::source;
    use crate::telemetry::{Invocation, Outcome, field};

    const ALLOWED: &[Allowed] = &[
        Allowed { target: "lambdakit", fields: &["item", "price", "isNew"] },
        Allowed { target: "spoken", fields: &["message"] },
    ];

    /// Compares the line of an invocation that does this, without the fields that vary.
    fn check(directives: &str, outcome: Outcome, work: impl FnOnce(), expected: Expect) {
        let directives = directives.to_owned();
        let filter = filter(|name| (name == "LAMBDAKIT_LOG").then(|| directives.clone()));
        let subscriber = Registry::default().with(Recorder { allowed: ALLOWED, filter }.into_layer());
        let invocation = Invocation::begin(None);
        tracing::subscriber::with_default(subscriber, || invocation.scope(work));
        let line = invocation.line(Some(&source()), outcome).to_json();
        let mut line: Value = serde_json::from_str(&line).unwrap();
        for name in ["timestamp", "durationMs", "coldStart", "service", "stage", "function", "requestId"] {
            assert!(line.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        for event in line.get_mut("events").and_then(Value::as_array_mut).into_iter().flatten() {
            assert!(event.as_object_mut().unwrap().remove("atMs").unwrap().is_number());
            // The number of the line in this file.
            event.as_object_mut().unwrap().remove("line").inspect(|line| assert!(line.is_u64()));
        }
        expected.assert_eq(&serde_json::to_string_pretty(&line).unwrap());
    }

    #[test]
    fn events_have_literals_and_allowed_fields() {
        let user = "grace@example.com".to_owned();
        let work = || {
            field("route", "PUT /basket");
            info!(item = 7, price = 9.5, isNew = true, user, "item added");
            warn!("{user} is unknown");
            error!(target: "lambda_runtime", item = 7, "no response");
            info!(target: "spoken", "{} items", 3);
        };
        let expected = expect![[r#"
            {
              "events": [
                {
                  "isNew": true,
                  "item": 7,
                  "level": "INFO",
                  "message": "item added",
                  "price": 9.5,
                  "target": "lambdakit::telemetry::subscriber::tests"
                },
                {
                  "level": "WARN",
                  "target": "lambdakit::telemetry::subscriber::tests"
                },
                {
                  "level": "ERROR",
                  "message": "no response",
                  "target": "lambda_runtime"
                },
                {
                  "level": "INFO",
                  "message": "3 items",
                  "target": "spoken"
                }
              ],
              "level": "ERROR",
              "outcome": "ok",
              "route": "PUT /basket"
            }"#]];
        check("info", Outcome::Ok, work, expected);
    }

    #[test]
    fn debug_events_are_written_when_the_invocation_fails() {
        let work = || {
            debug!("reading the basket");
            info!("item added");
            trace!("too fine");
            debug!(target: "aws_smithy_runtime", "of another target");
        };
        let ok = expect![[r#"
            {
              "events": [
                {
                  "level": "INFO",
                  "message": "item added",
                  "target": "lambdakit::telemetry::subscriber::tests"
                }
              ],
              "level": "INFO",
              "outcome": "ok"
            }"#]];
        check("info,lambdakit=debug", Outcome::Ok, work, ok);
        let failed = expect![[r#"
            {
              "events": [
                {
                  "level": "DEBUG",
                  "message": "reading the basket",
                  "target": "lambdakit::telemetry::subscriber::tests"
                },
                {
                  "level": "INFO",
                  "message": "item added",
                  "target": "lambdakit::telemetry::subscriber::tests"
                }
              ],
              "level": "ERROR",
              "outcome": "failed"
            }"#]];
        check("info,lambdakit=debug", Outcome::Failed, work, failed);
    }

    #[test]
    fn fields_of_spans_are_fields_of_the_line() {
        let work = || {
            for item in [7, 8] {
                let span = info_span!("add", item, user = "grace@example.com", price = tracing::field::Empty);
                span.record("price", 9.5);
                span.record("user", "ada@example.com");
            }
        };
        let expected = expect![[r#"
            {
              "items": [
                "7",
                "8"
              ],
              "level": "INFO",
              "outcome": "ok",
              "price": "9.5"
            }"#]];
        check("info", Outcome::Ok, work, expected);
    }

    #[test]
    fn levels_are_read_from_variables() {
        let filter = |set: &[(&str, &str)]| {
            let of =
                |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            filter(of).to_string()
        };
        assert_eq!(filter(&[]), "info");
        assert_eq!(filter(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]), "error");
        assert_eq!(filter(&[("AWS_LAMBDA_LOG_LEVEL", "DEBUG")]), "debug");
        let both = [("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("LAMBDAKIT_LOG", "warn,basket=trace")];
        assert_eq!(filter(&both), "basket=trace,warn");
        assert_eq!(filter(&[("AWS_LAMBDA_LOG_LEVEL", "WARN"), ("LAMBDAKIT_LOG", "basket=loud")]), "warn");
    }
}
