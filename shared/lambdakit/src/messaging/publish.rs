//! Publishes events to an EventBridge bus, with one result per event.

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use futures::future::join_all;
use serde::Serialize;

use crate::aws::Aws;
use crate::aws::AwsError;
use crate::config::{self, ConfigError};
use crate::telemetry::within_deadline;

/// Maximum number of entries in one `PutEvents` call (EventBridge quota).
const MAX_ENTRIES: usize = 10;
/// Maximum size of one `PutEvents` call in bytes (EventBridge quota), and so of one entry.
const QUOTA_BYTES: usize = 256 * 1024;
/// The same, less a margin for the fields that count besides the detail.
const MAX_BYTES: usize = 240 * 1024;
/// Pause before entries that EventBridge refused are retried. One retry is enough: the trigger
/// redelivers the source of entries that are refused again.
const PAUSE: Duration = Duration::from_millis(100);

/// An event to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// EventBridge's `source`.
    pub source: &'static str,
    /// EventBridge's `detail-type`.
    pub detail_type: &'static str,
    /// EventBridge's `detail`, a JSON object.
    pub detail: String,
}

impl Entry {
    /// An entry with this detail.
    ///
    /// # Errors
    /// When the detail does not serialize.
    pub fn new(
        source: &'static str,
        detail_type: &'static str,
        detail: &impl Serialize,
    ) -> serde_json::Result<Self> {
        Ok(Self { source, detail_type, detail: serde_json::to_string(detail)? })
    }

    /// Checks that EventBridge can accept the entry.
    pub(crate) fn check_size(&self) -> Result<(), EntryTooLarge> {
        let bytes = self.bytes();
        if bytes > QUOTA_BYTES {
            return Err(EntryTooLarge { detail_type: self.detail_type, bytes });
        }
        Ok(())
    }

    /// The size as EventBridge counts it.
    fn bytes(&self) -> usize {
        self.source.len() + self.detail_type.len() + self.detail.len()
    }
}

/// An event exceeds EventBridge's quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event {detail_type} has {bytes} bytes, and EventBridge accepts {QUOTA_BYTES}")]
pub(crate) struct EntryTooLarge {
    detail_type: &'static str,
    bytes: usize,
}

/// Publishes events to one bus.
#[derive(Clone, Debug)]
pub struct Publisher {
    client: Client,
    bus: String,
}

impl Publisher {
    /// A publisher for the bus of this name.
    #[must_use]
    pub fn new(client: Client, bus: String) -> Self {
        Self { client, bus }
    }

    /// A publisher for the bus that `EVENT_BUS` names.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        Ok(Self::new(aws.eventbridge(), config::required("EVENT_BUS")?))
    }

    /// Publishes all entries and returns one result per entry, in their order. Only refused entries
    /// are retried, so an accepted entry is not sent twice. An entry whose call is in progress at
    /// the invocation's deadline is reported as not published: its result is unknown.
    pub async fn publish(&self, entries: &[Entry]) -> Vec<Result<(), AwsError>> {
        let mut calls = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let (call, after) = rest.split_at(fitting(rest));
            calls.push(self.publish_call(call));
            rest = after;
        }
        join_all(calls).await.into_iter().flatten().collect()
    }

    /// Publishes one entry.
    ///
    /// # Errors
    /// When the entry was not published.
    pub async fn publish_one(&self, entry: Entry) -> Result<(), AwsError> {
        self.publish(&[entry]).await.into_iter().collect()
    }

    /// Publishes the entries of one call, and retries the refused ones once.
    async fn publish_call(&self, entries: &[Entry]) -> Vec<Result<(), AwsError>> {
        let mut results = match self.put(&entries.iter().collect::<Vec<_>>()).await {
            Ok(results) => results,
            // The SDK has already retried a call that failed as a whole.
            Err(error) => return vec![Err(error); entries.len()],
        };
        let refused: Vec<usize> = (0..entries.len()).filter(|&index| results[index].is_err()).collect();
        if refused.is_empty() {
            return results;
        }
        tokio::time::sleep(PAUSE).await;
        let again: Vec<&Entry> = refused.iter().map(|&index| &entries[index]).collect();
        // If this call fails as a whole, the results of the first call still hold.
        if let Ok(second) = self.put(&again).await {
            for (index, result) in refused.into_iter().zip(second) {
                results[index] = result;
            }
        }
        results
    }

    /// One `PutEvents` call, which can refuse some of its entries and accept the others.
    async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), AwsError>>, AwsError> {
        let requests = entries.iter().map(|entry| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus)
                .source(entry.source)
                .detail_type(entry.detail_type)
                .detail(&entry.detail)
                .build()
        });
        let put = self.client.put_events().set_entries(Some(requests.collect())).send();
        let put = within_deadline(put).await.map_err(|reached| AwsError::Transient(reached.to_string()))?;
        let answer = put?;
        let answers = answer.entries();
        let result = |index: usize| match answers.get(index) {
            Some(answer) if answer.event_id().is_some() => Ok(()),
            Some(answer) => Err(AwsError::of_code(answer.error_code(), answer.error_message())),
            None => Err(AwsError::Transient("EventBridge sent no result for the event".to_owned())),
        };
        Ok((0..entries.len()).map(result).collect())
    }
}

/// How many of the first entries fit into one call: at least one, even if it will be refused.
fn fitting(entries: &[Entry]) -> usize {
    let mut bytes = 0;
    let fit = entries.iter().take(MAX_ENTRIES).take_while(|entry| {
        bytes += entry.bytes();
        bytes <= MAX_BYTES
    });
    fit.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: usize, bytes: usize) -> Vec<Entry> {
        vec![Entry { source: "s", detail_type: "t", detail: "x".repeat(bytes) }; count]
    }

    #[test]
    fn a_call_keeps_to_the_quotas() {
        assert_eq!(fitting(&entries(25, 10)), 10);
        assert_eq!(fitting(&entries(10, 100 * 1024)), 2);
        assert_eq!(fitting(&entries(2, 300 * 1024)), 1);
        assert_eq!(fitting(&entries(3, 10)), 3);
    }

    #[test]
    fn entries_above_the_quota_are_rejected() {
        let check = |bytes| entries(1, bytes)[0].check_size();
        assert_eq!(check(256 * 1024 - 2), Ok(()));
        let error = check(256 * 1024 - 1).unwrap_err().to_string();
        assert_eq!(error, "the event t has 262145 bytes, and EventBridge accepts 262144");
    }
}
