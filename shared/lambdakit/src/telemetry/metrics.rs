//! Business metrics in the embedded metric format: CloudWatch extracts them from the log line, so
//! that no call to CloudWatch adds to an invocation.

use std::collections::BTreeMap;

use chrono::Utc;
use serde_json::json;
use serde_json::value::RawValue;

use super::line::Line;
use super::source::Source;

/// The metrics of one invocation.
#[derive(Debug, Default)]
pub(super) struct Metrics(BTreeMap<&'static str, Metric>);

#[derive(Debug)]
struct Metric {
    unit: &'static str,
    /// For example one per message of a batch; the embedded metric format allows up to 100.
    values: Vec<Box<RawValue>>,
}

impl Metrics {
    pub(super) fn add(&mut self, name: &'static str, unit: &'static str, value: Box<RawValue>) {
        self.0.entry(name).or_insert(Metric { unit, values: Vec::new() }).values.push(value);
    }

    /// Adds the values, and the `_aws` field from which CloudWatch knows that they are metrics.
    pub(super) fn add_to(&self, line: &mut Line, source: &Source) {
        if self.0.is_empty() {
            return;
        }
        let names = self.0.iter().map(|(name, metric)| json!({ "Name": name, "Unit": metric.unit }));
        let names: Vec<_> = names.collect();
        for (name, Metric { values, .. }) in &self.0 {
            match values.as_slice() {
                [value] => line.add(*name, value),
                values => line.add(*name, values),
            }
        }
        line.add(
            "_aws",
            &json!({
                "Timestamp": Utc::now().timestamp_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": source.namespace,
                    "Dimensions": [["service", "stage"]],
                    "Metrics": names,
                }],
            }),
        );
    }
}
