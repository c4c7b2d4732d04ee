//! `cargo xtask redrive`: gives the messages of a dead-letter queue another chance.
//!
//! SQS has an operation for this, the local AWS has not. A message is removed from the dead-letter queue
//! only after its copy is in the queue: a break-off can double a message, which consumers bear, not lose one.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use serde_json::{Value, json};

use crate::aws::{LocalAws, Service};
use crate::interrupt;
use crate::outputs::Outputs;
use crate::paths::Paths;
use crate::stack::LocalStack;
use crate::status::{Depth, dead_letter_queue, is_dead_letter_queue};

/// The most that SQS hands out at once.
const BATCH: usize = 10;

#[derive(Parser)]
pub struct Args {
    /// Name of the queue, as `cargo xtask status` shows it
    queue: String,
    /// The outputs.json of another local stack
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let file = args.outputs.clone().unwrap_or_else(|| LocalStack::of_developer(paths).outputs());
    let outputs = Outputs::read(&file)?;
    let Some(endpoint) = &outputs.endpoint else {
        bail!("{} is of a stage on AWS; there, `aws sqs start-message-move-task` does this", file.display());
    };
    let route = Route::find(&outputs, &args.queue)?;
    let moved = redrive(&LocalAws::at(endpoint), &route)?;
    let messages = if moved == 1 { "message" } else { "messages" };
    println!("{moved} {messages} went back to {}", args.queue);
    Ok(())
}

#[derive(Debug)]
struct Route<'a> {
    from: &'a str,
    to: &'a str,
}

impl<'a> Route<'a> {
    fn find(outputs: &'a Outputs, queue: &str) -> Result<Self> {
        let urls = (outputs.queues.get(&dead_letter_queue(queue)), outputs.queues.get(queue));
        if let (Some(from), Some(to)) = urls {
            return Ok(Self { from, to });
        }
        let known: Vec<&str> =
            outputs.queues.keys().map(String::as_str).filter(|name| !is_dead_letter_queue(name)).collect();
        bail!("there is no queue {queue} with a dead-letter queue; there are: {}", known.join(", "))
    }
}

fn redrive(aws: &LocalAws, route: &Route) -> Result<usize> {
    // A message that fails again comes back while we work: only those that were there are moved.
    let depth = Depth::of(aws, route.from)?.total();
    let mut moved = 0;
    while moved < depth {
        let messages = receive(aws, route.from, BATCH.min(depth - moved))?;
        if messages.is_empty() {
            break;
        }
        for message in &messages {
            interrupt::check()?;
            aws.call(Service::Sqs, "SendMessage", &copy_of(message, route.to))?;
            let done = json!({ "QueueUrl": route.from, "ReceiptHandle": message["ReceiptHandle"] });
            aws.call(Service::Sqs, "DeleteMessage", &done)?;
            moved += 1;
        }
    }
    Ok(moved)
}

fn receive(aws: &LocalAws, queue_url: &str, most: usize) -> Result<Vec<Value>> {
    let input = json!({
        "QueueUrl": queue_url,
        "MaxNumberOfMessages": most,
        "WaitTimeSeconds": 1,
        "MessageAttributeNames": ["All"],
        "MessageSystemAttributeNames": ["All"],
    });
    let mut answer = aws.call(Service::Sqs, "ReceiveMessage", &input)?;
    match answer["Messages"].take() {
        Value::Array(messages) => Ok(messages),
        _ => Ok(Vec::new()),
    }
}

/// The same message for another queue: body, attributes, trace, and group where the queue is ordered.
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

    fn outputs() -> Outputs {
        serde_json::from_value(json!({
            "apiUrl": "", "region": "", "stage": "", "eventBus": "", "tables": {}, "functions": {},
            "queues": { "orders": "u1", "orders-dlq": "u2", "prices": "u3", "prices-dlq": "u4" },
        }))
        .unwrap()
    }

    #[test]
    fn messages_go_from_the_dead_letter_queue_to_its_queue() {
        let outputs = outputs();
        let route = Route::find(&outputs, "orders").unwrap();
        assert_eq!((route.from, route.to), ("u2", "u1"));
    }

    #[test]
    fn an_unknown_queue_gets_the_list_of_known_ones() {
        let outputs = outputs();
        let message = Route::find(&outputs, "order").unwrap_err().to_string();
        assert!(message.ends_with("there are: orders, prices"), "{message}");
    }

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
