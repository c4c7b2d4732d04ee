//! Queues, and the failure queue of each service.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xtask_common::shop::aws::{Aws, Service};

const FAILURES: &str = "-failures";

/// The approximate number of messages in a queue, as SQS reports it.
pub struct Depth {
    pub waiting: usize,
    pub in_work: usize,
}

impl Depth {
    pub fn of(aws: &Aws, queue_url: &str) -> Result<Self> {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let input = json!({ "QueueUrl": queue_url, "AttributeNames": names });
        let answer = aws.call(Service::Sqs, "GetQueueAttributes", &input)?;
        let [waiting, in_work] = names.map(|name| number(&answer["Attributes"][name]));
        Ok(Self {
            waiting: waiting.with_context(|| format!("{queue_url} has no depth"))?,
            in_work: in_work.with_context(|| format!("{queue_url} has no depth"))?,
        })
    }

    pub fn total(&self) -> usize {
        self.waiting + self.in_work
    }
}

/// Whether a queue has what a service could not handle. No function reads it.
pub fn is_failure_queue(queue: &str) -> bool {
    queue.ends_with(FAILURES)
}

/// The service of a failure queue.
pub fn service_of(queue: &str) -> &str {
    queue.strip_suffix(FAILURES).unwrap_or(queue)
}

fn number(value: &Value) -> Option<usize> {
    value.as_str()?.parse().ok()
}
