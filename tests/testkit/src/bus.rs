use std::sync::Mutex;

use aws_sdk_eventbridge::types::Target;
use lambdakit::aws::Aws;
use serde_json::Value;

use crate::eventually;

const NAME: &str = "bus";

/// An event bus, and a queue that receives all its events.
#[derive(Debug)]
pub struct Bus {
    sqs: aws_sdk_sqs::Client,
    queue: String,
    received: Mutex<Vec<Value>>,
}

impl Bus {
    pub(crate) async fn create(aws: &Aws) -> Self {
        let (sqs, events) = (aws.sqs(), aws.eventbridge());
        let queue = sqs.create_queue().queue_name("bus-events").send().await.expect("a queue");
        let queue = queue.queue_url.expect("the queue's URL");
        let attributes = sqs
            .get_queue_attributes()
            .queue_url(&queue)
            .attribute_names(aws_sdk_sqs::types::QueueAttributeName::QueueArn)
            .send()
            .await
            .expect("the queue's attributes");
        let arn = attributes.attributes.unwrap_or_default().into_values().next().expect("the queue's ARN");
        events.create_event_bus().name(NAME).send().await.expect("a bus");
        let rule = events.put_rule().event_bus_name(NAME).name("all");
        rule.event_pattern(r#"{"source": [{"prefix": ""}]}"#).send().await.expect("a rule");
        let target = Target::builder().id("queue").arn(arn).build().expect("a target");
        let targets = events.put_targets().event_bus_name(NAME).rule("all").targets(target);
        targets.send().await.expect("the rule's target");
        Self { sqs, queue, received: Mutex::default() }
    }

    /// The bus name for `PutEvents`.
    #[must_use]
    pub fn name(&self) -> String {
        NAME.to_owned()
    }

    /// The first `count` events of the bus, once they have arrived.
    pub async fn events(&self, count: usize) -> Vec<Value> {
        eventually("events on the bus", async || {
            self.receive().await;
            let received = self.received.lock().expect("the events").clone();
            (received.len() >= count).then_some(received)
        })
        .await
    }

    async fn receive(&self) {
        let received = self.sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10);
        for message in received.send().await.expect("messages").messages.unwrap_or_default() {
            let event = serde_json::from_str(message.body().unwrap_or_default()).expect("an event");
            self.received.lock().expect("the events").push(event);
            let receipt = message.receipt_handle().unwrap_or_default();
            let delete = self.sqs.delete_message().queue_url(&self.queue).receipt_handle(receipt);
            delete.send().await.expect("a deleted message");
        }
    }
}
