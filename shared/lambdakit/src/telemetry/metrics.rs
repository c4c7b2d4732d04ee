//! Counts, and metrics in the embedded metric format: CloudWatch extracts them from the log line, so
//! that no call to CloudWatch adds to an invocation.

use std::collections::BTreeMap;

use chrono::Utc;
use serde_json::json;
use serde_json::value::RawValue;

use super::line::Line;
use super::source::Source;

/// The counts and metrics of one invocation.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    counts: BTreeMap<&'static str, usize>,
    /// Several values, for example one per message of a batch; the embedded metric format allows up
    /// to 100.
    values: BTreeMap<&'static str, Vec<Box<RawValue>>>,
    /// The unit of each count and value that is a metric.
    units: BTreeMap<&'static str, &'static str>,
}

impl Metrics {
    pub(super) fn count(&mut self, name: &'static str, times: usize) {
        *self.counts.entry(name).or_default() += times;
    }

    pub(super) fn count_metric(&mut self, name: &'static str, times: usize) {
        self.count(name, times);
        self.units.insert(name, "Count");
    }

    pub(super) fn add_value(&mut self, name: &'static str, value: Box<RawValue>) {
        self.values.entry(name).or_default().push(value);
        self.units.insert(name, "None");
    }

    /// Adds the counts and values, and the `_aws` field from which CloudWatch knows which of them are
    /// metrics.
    pub(super) fn add_to(&self, line: &mut Line, source: Option<&Source>) {
        for (name, times) in &self.counts {
            line.add(*name, times);
        }
        for (name, values) in &self.values {
            match values.as_slice() {
                [value] => line.add(*name, value),
                values => line.add(*name, values),
            }
        }
        let Some(source) = source.filter(|_| !self.units.is_empty()) else { return };
        let metrics = self.units.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit }));
        line.add(
            "_aws",
            &json!({
                "Timestamp": Utc::now().timestamp_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": source.namespace,
                    "Dimensions": [["service", "stage"]],
                    "Metrics": metrics.collect::<Vec<_>>(),
                }],
            }),
        );
    }
}
