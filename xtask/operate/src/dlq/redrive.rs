//! `cargo xtask dlq redrive`: moves the messages of a dead-letter queue back to their source queue.
//!
//! SQS has an operation for this, the local AWS has not. A message is removed from the dead-letter
//! queue only after its copy is in the source queue. An interruption can duplicate a message, which
//! consumers tolerate, but not lose one.

use anyhow::{Result, bail};
use serde_json::{Value, json};
use xtask_common::shop::aws::Service;

use crate::dlq::dead_letters::DeadLetters;
use crate::dlq::dead_letters::messages;
use crate::target::Shop;

pub fn run(shop: &Shop, queue: &str) -> Result<()> {
    let dead_letters = DeadLetters::of(shop, queue)?;
    let Some(home_url) = dead_letters.home_url else {
        bail!(
            "what is in {queue} a workflow has given up, and no function reads it; docs/stuck-orders.md says how to finish it, \
             and `cargo xtask dlq drop {queue}` takes it away then"
        )
    };
    let moved = dead_letters.take(dead_letters.count()?, |message| {
        let copy = copy_of(message, home_url);
        shop.aws.call(Service::Sqs, "SendMessage", &copy).map(drop)
    })?;
    println!("{} went back to {queue}", messages(moved));
    Ok(())
}

/// The same message for another queue: body, attributes, trace, and group where the queue is FIFO.
fn copy_of(message: &Value, queue_url: &str) -> Value {
    let mut copy = json!({ "QueueUrl": queue_url, "MessageBody": message["Body"] });
    if message["MessageAttributes"].is_object() {
        copy["MessageAttributes"] = message["MessageAttributes"].clone();
    }
    let system = &message["Attributes"];
    if let Some(trace) = system["AWSTraceHeader"].as_str() {
        copy["MessageSystemAttributes"] =
            json!({ "AWSTraceHeader": { "DataType": "String", "StringValue": trace } });
    }
    for name in ["MessageGroupId", "MessageDeduplicationId"] {
        if let Some(value) = system[name].as_str() {
            copy[name] = value.into();
        }
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_the_sender_said() {
        let message = json!({
            "Body": "b", "ReceiptHandle": "r",
            "MessageAttributes": { "correlationId": { "DataType": "String", "StringValue": "c" } },
            "Attributes": { "AWSTraceHeader": "Root=1", "ApproximateReceiveCount": "6" },
        });
        let copy = copy_of(&message, "u1");
        assert_eq!(copy["MessageBody"], "b");
        assert_eq!(copy["MessageAttributes"]["correlationId"]["StringValue"], "c");
        assert_eq!(copy["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"], "Root=1");
        assert!(copy.get("MessageGroupId").is_none());
    }
}
