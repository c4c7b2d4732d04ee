//! `cargo xtask dlq redrive`: retries the messages of a failure queue.
//!
//! A message that failed too often in a queue goes back to that queue. SQS has an operation for this,
//! but a failure queue also has messages of other origins, which are retried by invoking their
//! function again.
//!
//! A message is removed only after its retry was accepted. An interruption can duplicate a message,
//! which consumers tolerate, but not lose one.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use xtask_common::shop::aws::Service;
use xtask_common::shop::outputs::Outputs;

use crate::dlq::dead_letters::DeadLetters;
use crate::dlq::dead_letters::messages;
use crate::dlq::failure::{Failure, Retry, notification_event};
use crate::dlq::message::Message;
use crate::queues::service_of;
use crate::target::Shop;

pub fn run(shop: &Shop, queue: &str) -> Result<()> {
    let dead_letters = DeadLetters::of(shop, queue)?;
    let taken = dead_letters.take(dead_letters.count()?, |message| retry(shop, queue, Message(message)))?;
    println!("{} of {queue} retried", messages(taken.count));
    let Some(error) = taken.errors.first() else { return Ok(()) };
    bail!("{} stayed in {queue}: {error:#}", messages(taken.errors.len()))
}

/// Retries the failure that a message of a failure queue describes.
fn retry(shop: &Shop, queue: &str, message: Message) -> Result<()> {
    match Failure::of(message).retry {
        Retry::Publish { function, record } => {
            let answer = shop.aws.invoke(&function, &json!({ "Records": [record] }))?;
            if answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty()) {
                bail!("{function} could not publish the record; `cargo xtask logs` shows why");
            }
            Ok(())
        }
        Retry::Invoke { function, event } => shop.aws.invoke_later(&function, &event),
        Retry::Return { queue } => send(shop, &copy_of(message.0, queue_url(&shop.outputs, &queue)?)),
        Retry::Send { queue, body } => {
            let url = queue_url(&shop.outputs, &queue)?;
            send(shop, &json!({ "QueueUrl": url, "MessageBody": body }))
        }
        Retry::PutEvents { entries } => {
            let answer = shop.aws.call(Service::EventBridge, "PutEvents", &json!({ "Entries": entries }))?;
            if answer["FailedEntryCount"] != 0 {
                bail!("the bus refused the event: {}", answer["Entries"]);
            }
            Ok(())
        }
        Retry::Notify { topic_arn, notification } => {
            let subscribers = shop.aws.subscribers(&topic_arn)?;
            let functions = functions_of(&shop.outputs, service_of(queue), &subscribers);
            if functions.is_empty() {
                bail!("no function of {} subscribes to {topic_arn}", service_of(queue));
            }
            let event = notification_event(&notification);
            functions.into_iter().try_for_each(|function| shop.aws.invoke_later(function, &event))
        }
        Retry::ByOperator => bail!(
            "what is in {queue} a workflow has given up, and no function reads it; docs/stuck-orders.md says how to finish it, \
             and `cargo xtask dlq drop {queue}` takes it away then"
        ),
        Retry::Unknown => bail!("message {} does not name the function that failed", message.id()),
    }
}

fn send(shop: &Shop, input: &Value) -> Result<()> {
    shop.aws.call(Service::Sqs, "SendMessage", input).map(drop)
}

fn queue_url<'a>(outputs: &'a Outputs, physical_name: &str) -> Result<&'a str> {
    let mut urls = outputs.queues.values().map(String::as_str);
    urls.find(|url| url.rsplit('/').next() == Some(physical_name))
        .with_context(|| format!("the shop has no queue {physical_name}"))
}

/// The functions of a service among the subscribers of a topic.
fn functions_of<'a>(outputs: &'a Outputs, service: &str, subscribers: &[String]) -> Vec<&'a str> {
    let prefix = format!("{service}-");
    let of_service = outputs.functions.iter().filter(|(name, _)| name.starts_with(&prefix));
    let is_subscriber =
        |function: &str| subscribers.iter().any(|arn| arn.split(':').nth(6) == Some(function));
    of_service.map(|(_, function)| function.as_str()).filter(|function| is_subscriber(function)).collect()
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

    #[test]
    fn a_notification_is_for_the_subscribed_functions_of_its_service() {
        let outputs: Outputs = serde_json::from_value(json!({
            "apiUrl": "", "region": "", "stage": "", "eventBus": "", "tables": {},
            "functions": { "audit-api": "A", "audit-on-order": "B", "realtime-on-order": "C" },
            "queues": { "audit-on-order": "http://127.0.0.1/1/Q" },
        }))
        .unwrap();
        let arn = |function: &str| format!("arn:aws:lambda:eu-west-1:123456789012:function:{function}");
        let subscribers = [arn("B"), arn("C"), "arn:aws:sqs:eu-west-1:123456789012:Q".to_owned()];
        assert_eq!(functions_of(&outputs, "audit", &subscribers), ["B"]);
        assert_eq!(functions_of(&outputs, "basket", &subscribers), [""; 0]);
        assert_eq!(queue_url(&outputs, "Q").unwrap(), "http://127.0.0.1/1/Q");
        assert!(queue_url(&outputs, "R").is_err());
    }
}
