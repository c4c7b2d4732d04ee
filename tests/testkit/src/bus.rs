use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_eventbridge::types::Target;
use lambdakit::aws::Aws;
use lambdakit::messaging::schedule::{ScheduleSettings, Schedules};
use serde_json::Value;

use crate::eventually;

/// The schedule group that every account has.
pub const SCHEDULE_GROUP: &str = "default";

/// An event bus, and a queue that receives all its events.
#[derive(Debug)]
pub struct Bus {
    sqs: aws_sdk_sqs::Client,
    queue: String,
    name: String,
    arn: String,
    received: Mutex<Vec<Value>>,
    /// How many of the received events [`Bus::next`] has returned.
    taken: AtomicUsize,
}

impl Bus {
    pub(crate) async fn create(aws: &Aws, name: String) -> Self {
        let (sqs, events) = (aws.sqs(), aws.eventbridge());
        let queue = sqs.create_queue().queue_name(format!("{name}-events")).send().await.expect("a queue");
        let queue = queue.queue_url.expect("the queue's URL");
        let attributes = sqs
            .get_queue_attributes()
            .queue_url(&queue)
            .attribute_names(aws_sdk_sqs::types::QueueAttributeName::QueueArn)
            .send()
            .await
            .expect("the queue's attributes");
        let arn = attributes.attributes.unwrap_or_default().into_values().next().expect("the queue's ARN");
        let bus = events.create_event_bus().name(&name).send().await.expect("a bus");
        let rule = events.put_rule().event_bus_name(&name).name("all");
        rule.event_pattern(r#"{"source": [{"prefix": ""}]}"#).send().await.expect("a rule");
        let target = Target::builder().id("queue").arn(arn).build().expect("a target");
        let targets = events.put_targets().event_bus_name(&name).rule("all").targets(target);
        targets.send().await.expect("the rule's target");
        let bus_arn = bus.event_bus_arn.expect("the bus's ARN");
        Self { sqs, queue, name, arn: bus_arn, received: Mutex::default(), taken: AtomicUsize::default() }
    }

    /// The bus name for `PutEvents`.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Schedules that publish events to the bus, created by these clients in the group that every
    /// account has.
    #[must_use]
    pub fn schedules(&self, aws: &Aws) -> Schedules {
        let settings = ScheduleSettings {
            group: SCHEDULE_GROUP.to_owned(),
            role_arn: "arn:aws:iam::000000000000:role/scheduler".to_owned(),
            bus_arn: self.arn.clone(),
            failures_arn: "arn:aws:sqs:us-east-1:000000000000:failures".to_owned(),
        };
        Schedules::new(aws.scheduler(), settings)
    }

    /// The bus's ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The next event of the bus, once it has arrived. Their order is that of the queue, which keeps
    /// none.
    pub async fn next(&self) -> Value {
        let taken = self.taken.fetch_add(1, Ordering::SeqCst);
        self.events(taken + 1).await.swap_remove(taken)
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
