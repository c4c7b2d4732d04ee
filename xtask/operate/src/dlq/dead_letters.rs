//! One failure queue: peeks at messages, and removes them.

use std::collections::HashSet;

use anyhow::{Error, Result, bail};
use serde_json::{Value, json};
use xtask_common::interrupt;
use xtask_common::shop::aws::{Aws, Service};
use xtask_common::shop::outputs::Outputs;

use crate::queues::{Depth, is_failure_queue};
use crate::target::Shop;

/// Maximum number of messages that SQS returns per call.
pub const BATCH: usize = 10;
/// Visibility timeout of a peeked message, in case it cannot be returned to the queue.
const PEEK_SECONDS: u32 = 30;

pub struct DeadLetters<'a> {
    aws: &'a Aws,
    url: &'a str,
}

/// The messages that were handled.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many were removed.
    pub count: usize,
    /// Why others stayed, one error per message.
    pub errors: Vec<Error>,
}

impl<'a> DeadLetters<'a> {
    pub fn of(shop: &'a Shop, queue: &'a str) -> Result<Self> {
        Ok(Self { aws: &shop.aws, url: url(&shop.outputs, queue)? })
    }

    /// How many messages there are, approximately.
    pub fn count(&self) -> Result<usize> {
        Ok(Depth::of(self.aws, self.url)?.total())
    }

    /// Reads up to `most` messages without removing them.
    pub fn peek(&self, most: usize) -> Result<Vec<Value>> {
        let mut peeked = Vec::new();
        let looked = self.look(most, &mut peeked);
        let handed_back = self.hand_back(&peeked);
        looked.and(handed_back)?;
        Ok(peeked)
    }

    fn look(&self, most: usize, peeked: &mut Vec<Value>) -> Result<()> {
        let mut seen = HashSet::new();
        while peeked.len() < most {
            interrupt::check()?;
            let messages = self.receive(BATCH.min(most - peeked.len()), Some(PEEK_SECONDS))?;
            let before = peeked.len();
            // A message that comes twice became visible again: every message was read.
            peeked
                .extend(messages.into_iter().filter(|message| seen.insert(message["MessageId"].to_string())));
            if peeked.len() == before {
                break;
            }
        }
        Ok(())
    }

    fn hand_back(&self, messages: &[Value]) -> Result<()> {
        for batch in messages.chunks(BATCH) {
            let entry = |(index, message): (usize, &Value)| json!({ "Id": index.to_string(), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0 });
            let entries: Vec<Value> = batch.iter().enumerate().map(entry).collect();
            let input = json!({ "QueueUrl": self.url, "Entries": entries });
            self.aws.call(Service::Sqs, "ChangeMessageVisibilityBatch", &input)?;
        }
        Ok(())
    }

    /// Removes up to `count` messages, each after `deal_with` has handled it; a message that it
    /// cannot handle stays. The limit is needed because a message that fails again returns to the
    /// queue meanwhile.
    pub fn take(&self, count: usize, deal_with: impl Fn(&Value) -> Result<()>) -> Result<Taken> {
        let (mut taken, mut kept) = (Taken::default(), Vec::new());
        let done = self.take_each(count, deal_with, &mut taken, &mut kept);
        let handed_back = self.hand_back(&kept);
        done.and(handed_back)?;
        Ok(taken)
    }

    fn take_each(
        &self,
        count: usize,
        deal_with: impl Fn(&Value) -> Result<()>,
        taken: &mut Taken,
        kept: &mut Vec<Value>,
    ) -> Result<()> {
        while taken.count + kept.len() < count {
            let messages = self.receive(BATCH.min(count - taken.count - kept.len()), None)?;
            if messages.is_empty() {
                break;
            }
            for message in messages {
                interrupt::check()?;
                if let Err(error) = deal_with(&message) {
                    taken.errors.push(error);
                    kept.push(message);
                    continue;
                }
                let done = json!({ "QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"] });
                self.aws.call(Service::Sqs, "DeleteMessage", &done)?;
                taken.count += 1;
            }
        }
        Ok(())
    }

    fn receive(&self, most: usize, visibility_seconds: Option<u32>) -> Result<Vec<Value>> {
        let mut input = json!({
            "QueueUrl": self.url,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": 1,
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        });
        if let Some(seconds) = visibility_seconds {
            input["VisibilityTimeout"] = seconds.into();
        }
        let mut answer = self.aws.call(Service::Sqs, "ReceiveMessage", &input)?;
        match answer["Messages"].take() {
            Value::Array(messages) => Ok(messages),
            _ => Ok(Vec::new()),
        }
    }
}

/// The failure queues.
pub fn queues(outputs: &Outputs) -> impl Iterator<Item = &str> {
    outputs.queues.keys().map(String::as_str).filter(|name| is_failure_queue(name))
}

fn url<'a>(outputs: &'a Outputs, queue: &str) -> Result<&'a str> {
    let Some(url) = outputs.queues.get(queue).filter(|_| is_failure_queue(queue)) else {
        bail!("{queue} is no failure queue; there are: {}", queues(outputs).collect::<Vec<_>>().join(", "));
    };
    Ok(url)
}

/// `1 message`, `2 messages`
pub fn messages(count: usize) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs() -> Outputs {
        serde_json::from_value(json!({
            "apiUrl": "", "region": "", "stage": "", "eventBus": "", "tables": {}, "functions": {},
            "queues": { "ordering-on-checkout": "u1", "basket-failures": "u2", "ordering-failures": "u3" },
        }))
        .unwrap()
    }

    #[test]
    fn failures_of_a_service_wait_in_its_queue() {
        assert_eq!(url(&outputs(), "ordering-failures").unwrap(), "u3");
    }

    #[test]
    fn another_queue_gets_the_list_of_failure_queues() {
        for other in ["ordering-on-checkout", "orders"] {
            let message = url(&outputs(), other).unwrap_err().to_string();
            assert!(message.ends_with("there are: basket-failures, ordering-failures"), "{message}");
        }
    }
}
