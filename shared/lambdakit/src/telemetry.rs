//! One JSON log line per invocation, which also contains the business metrics.
//!
//! An invocation is one unit of work, and its questions are asked together: which request, which
//! route or event, how long, how did it end? Lines that are spread over an invocation have to be
//! joined to answer that. So code adds fields ([`field`], [`count`]) and metrics ([`metric_count`],
//! [`metric_value`]) to one line, and the line is written when the invocation ends. CloudWatch
//! extracts the metrics from it (embedded metric format), so publishing them takes no call.
//!
//! No handler logs whole events, and a field has one of the [`Loggable`] types: what identifies a
//! customer is converted by hand or stays out.
//!
//! ```
//! use lambdakit::telemetry;
//!
//! fn checked_out(items: usize, total: f64) {
//!     telemetry::field("items", &items);
//!     telemetry::metric_count("Checkouts", 1);
//!     telemetry::metric_value("Revenue", &total);
//! }
//! # checked_out(2, 2770.5);
//! ```
//!
//! The feature `tracing` adds the events of libraries, in the module `subscriber`.
//!
//! The variables `SERVICE` and `STAGE` become fields of every line and the dimensions of metrics;
//! `METRICS_NAMESPACE` is their namespace.
//!
//! # Limits
//!
//! - A process that is killed writes no line for its invocation; Lambda's own report remains. A
//!   panic writes it, and an invocation ends half a second before its deadline to write it.
//! - Outside an invocation, and in tasks that the handler spawns, fields and metrics are omitted.
//! - A metric can have 100 values in one line (a limit of the format).

#[cfg(feature = "tracing")]
mod events;
mod fields;
mod invocation;
mod line;
mod metrics;
mod panic;
mod source;
#[cfg(feature = "tracing")]
pub mod subscriber;

pub use fields::Loggable;
pub(crate) use invocation::Invocation;
#[cfg(any(feature = "eventbridge", feature = "messaging"))]
pub(crate) use invocation::within_deadline;
pub use invocation::{Outcome, function_arn, request_id};
pub(crate) use source::init_failed;

#[cfg(all(test, feature = "messaging"))]
pub(crate) use invocation::context_of;

use std::error::Error;

use serde::Serialize;
use serde_json::value::to_raw_value;

use self::invocation::with_current;
use self::source::Source;
use crate::config::ConfigError;

const CORRELATION_ID: &str = "correlationId";

/// Prepares log lines, once per process.
pub(crate) fn init() -> Result<(), ConfigError> {
    Source::from_env()?.set();
    panic::set_hook();
    Ok(())
}

/// Adds a field to the invocation's log line. It must not contain secrets or personal data. A field
/// that cannot be serialized, or is added outside an invocation, is omitted: logging never fails
/// the work.
pub fn field(name: &'static str, value: &(impl Loggable + ?Sized)) {
    // Serialized first, so that the lock is held for a moment only.
    if let Ok(value) = to_raw_value(value) {
        with_current(|invocation| invocation.collected().fields.add(name, value));
    }
}

/// Adds the correlation id of the client request that the work belongs to.
pub fn correlate(correlation_id: &str) {
    add_to_set(CORRELATION_ID, correlation_id);
}

/// Adds the type of the event that is handled.
pub fn event(name: &str) {
    add_to_set("event", name);
}

/// Adds one of the values of a field that can have several.
pub(crate) fn add_to_set(name: &'static str, value: &str) {
    with_current(|invocation| invocation.collected().fields.add_to_set(name, value));
}

/// The id that all work for one client request shares; empty outside an invocation.
#[must_use]
pub fn correlation_id() -> String {
    with_current(|invocation| invocation.collected().fields.first(CORRELATION_ID).map(ToOwned::to_owned))
        .flatten()
        .unwrap_or_default()
}

/// Adds to a count in the invocation's log line: something happened `times` times.
pub fn count(name: &'static str, times: usize) {
    with_current(|invocation| invocation.collected().metrics.count(name, times));
}

/// Adds to a [`count`] that is also a `CloudWatch` metric. Each metric of each service and stage is
/// billed as one, of which an account has ten free.
pub fn metric_count(name: &'static str, times: usize) {
    with_current(|invocation| invocation.collected().metrics.count_metric(name, times));
}

/// Adds a value of a metric without a `CloudWatch` unit, such as money.
pub fn metric_value(name: &'static str, value: &impl Serialize) {
    if let Ok(value) = to_raw_value(value) {
        with_current(|invocation| invocation.collected().metrics.add_value(name, value));
    }
}

/// An error with its chain of causes, for the log line.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut causes = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        causes = format!("{causes}: {error}");
        next = error.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(super) fn source() -> Source {
        Source {
            service: "basket".to_owned(),
            stage: "test".to_owned(),
            function: "basket-api".to_owned(),
            namespace: "Shop".to_owned(),
        }
    }

    async fn line_of(work: impl Future<Output = ()>) -> Value {
        let invocation = Invocation::begin(None);
        invocation.run(work).await.unwrap();
        serde_json::from_str(&invocation.line(Some(&source()), Outcome::Ok).to_json()).unwrap()
    }

    #[tokio::test]
    async fn a_line_says_who_what_and_how_it_ended() {
        let line = line_of(async {
            correlate("c-1");
            field("route", "GET /basket/{userName}");
        })
        .await;
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["service"], "basket");
        assert_eq!(line["correlationId"], "c-1");
        assert_eq!(line["route"], "GET /basket/{userName}");
        assert_eq!(line["outcome"], "ok");
        assert!(line["durationMs"].is_number() && line["coldStart"].is_boolean());
        assert!(line.get("_aws").is_none());
    }

    #[tokio::test]
    async fn metrics_follow_the_embedded_metric_format() {
        let line = line_of(async {
            metric_count("Checkouts", 1);
            metric_value("Revenue", &2770.5);
            metric_value("Revenue", &10);
        })
        .await;
        assert_eq!(line["Checkouts"], 1);
        assert_eq!(line["Revenue"], json!([2770.5, 10]), "one value for each message of a batch");
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "Shop");
        assert_eq!(metrics["Dimensions"], json!([["service", "stage"]]));
        let [checkouts, revenue] = [("Checkouts", "Count"), ("Revenue", "None")]
            .map(|(name, unit)| json!({ "Name": name, "Unit": unit }));
        assert_eq!(metrics["Metrics"], json!([checkouts, revenue]));
        assert!(line["_aws"]["Timestamp"].is_u64());
    }

    #[tokio::test]
    async fn counts_of_a_batch_are_added_up_and_are_no_metrics() {
        let line = line_of(async {
            count("mailsSent", 1);
            count("mailsSent", 2);
        })
        .await;
        assert_eq!(line["mailsSent"], 3);
        assert!(line.get("_aws").is_none());
    }

    #[tokio::test]
    async fn a_batch_of_many_requests_lists_them_all() {
        let line = line_of(async {
            correlate("c-2");
            correlate("c-1");
            correlate("c-2");
            event("ProductCreated");
        })
        .await;
        assert_eq!(line["correlationIds"], json!(["c-1", "c-2"]));
        assert_eq!(line["event"], "ProductCreated");
    }
}
