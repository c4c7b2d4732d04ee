//! Order events on a topic: each subscriber gets the events that its filter accepts, unchanged.

use std::collections::{BTreeMap, BTreeSet};

use lambdakit::messaging::topic::Topic;
use ordering::topic_relay::TopicRelay;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, deliver, eventually};

const SAMPLE: &str = include_str!("../../events/ordering-topic-relay.json");

/// A topic with two subscribers: one takes all events, the other only final ones.
struct Square {
    account: Account,
    handler: TopicRelay,
    faults: FaultProxy,
    everything: String,
    ends: String,
}

/// A message of a subscriber's queue.
struct Received {
    body: String,
    attributes: BTreeMap<String, String>,
}

async fn square() -> Square {
    let account = Account::new();
    let faults = account.faults().await;
    let sns = account.aws().topics();
    let topic = sns.create_topic().name("orders").send().await.unwrap().topic_arn.unwrap();
    let handler = TopicRelay::new(Topic::new(account.behind(&faults).aws().topics(), topic.clone()));
    let (everything, ends) = (account.queue("everything").await, account.queue("ends").await);
    for (queue, filter) in [
        (&everything, "{}"),
        (&ends, r#"{"status": ["DELIVERED", "REJECTED", "CANCELLED"], "version": ["1"]}"#),
    ] {
        let attributes = account.aws().sqs().get_queue_attributes().queue_url(queue);
        let attributes = attributes.attribute_names("QueueArn".into()).send().await.unwrap().attributes;
        let arn = attributes.unwrap().into_values().next().unwrap();
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
        }] });
        let set = account.aws().sqs().set_queue_attributes().queue_url(queue);
        set.attributes("Policy".into(), policy.to_string()).send().await.unwrap();
        let subscribe = sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(arn);
        let subscribe = subscribe.attributes("RawMessageDelivery", "true").attributes("FilterPolicy", filter);
        subscribe.send().await.unwrap();
    }
    Square { account, handler, faults, everything, ends }
}

impl Square {
    /// Delivers a batch and returns the ids of the messages that SQS redelivers.
    async fn deliver(&self, messages: &[Value]) -> Vec<String> {
        deliver(&self.handler, json!({ "Records": messages })).await
    }

    /// The messages of a queue, once there are `count` of them.
    async fn received(&self, queue: &str, count: usize) -> Vec<Received> {
        let mut received = Vec::new();
        while received.len() < count {
            let messages = eventually("messages of the topic", async || {
                let receive = self.account.aws().sqs().receive_message().queue_url(queue);
                let receive = receive.max_number_of_messages(10).message_attribute_names("All");
                receive.send().await.unwrap().messages.filter(|messages| !messages.is_empty())
            });
            received.extend(messages.await.into_iter().map(|message| {
                let attributes = message.message_attributes.unwrap_or_default();
                let attributes = attributes
                    .into_iter()
                    .map(|(name, value)| (name, value.string_value.unwrap_or_default()))
                    .collect();
                Received { body: message.body.unwrap_or_default(), attributes }
            }));
        }
        received
    }
}

/// The message of an event, made from the sample.
fn order_event(name: &str) -> Value {
    changed(name, |envelope| envelope["detail-type"] = json!(name))
}

fn changed(id: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut message = serde_json::from_str::<Value>(SAMPLE).unwrap()["Records"][0].clone();
    let mut envelope: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    change(&mut envelope);
    message["messageId"] = json!(id);
    message["body"] = json!(envelope.to_string());
    message
}

#[tokio::test]
async fn an_event_is_told_as_it_came_with_what_subscribers_choose_by() {
    let square = square().await;
    // Unknown numbers and fields stay as they were written.
    let mut message = changed("placed", |envelope| {
        envelope["detail-type"] = json!("OrderPlaced");
        envelope["detail"]["data"]["new"] = json!("PRICE");
    });
    let body = message["body"].as_str().unwrap().replace("\"PRICE\"", "950.400");
    message["body"] = json!(body);
    assert!(square.deliver(&[message]).await.is_empty());
    let received = square.received(&square.everything, 1).await.remove(0);
    let attributes = [("type", "OrderPlaced"), ("version", "1"), ("status", "PENDING")];
    assert_eq!(
        received.attributes,
        attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    );
    assert!(received.body.contains("950.400"), "{}", received.body);
    let published: Value = serde_json::from_str(&received.body).unwrap();
    let came: Value = serde_json::from_str(&body).unwrap();
    for part in ["detail-type", "source", "detail"] {
        assert_eq!(published[part], came[part]);
    }
}

#[tokio::test]
async fn a_subscriber_hears_what_it_asked_for() {
    let square = square().await;
    let facts = [
        "OrderPlaced",
        "OrderStockReserved",
        "OrderPaid",
        "OrderShipped",
        "OrderDelivered",
        "OrderRejected",
        "OrderCancelled",
    ];
    let mut messages = facts.map(order_event).to_vec();
    messages.push(changed("newer", |envelope| {
        envelope["detail-type"] = json!("OrderDelivered");
        envelope["detail"]["metadata"]["version"] = json!(2);
    }));
    assert_eq!(square.deliver(&messages).await, Vec::<String>::new());
    let everything = square.received(&square.everything, 8).await;
    let types: BTreeSet<_> = everything.iter().map(|received| received.attributes["type"].clone()).collect();
    assert_eq!(types, facts.map(str::to_owned).into());
    // All events have arrived, so the filtered queue is complete, too.
    let ends = square.received(&square.ends, 3).await;
    let mut statuses: Vec<_> = ends.iter().map(|received| received.attributes["status"].clone()).collect();
    statuses.sort();
    assert_eq!(statuses, ["CANCELLED", "DELIVERED", "REJECTED"]);
}

#[tokio::test]
async fn an_event_that_could_not_be_told_comes_again_and_poison_does_not_hold_up_the_rest() {
    let square = square().await;
    square.faults.add(Rule::new(Fault::ServerError).on("Publish"));
    assert_eq!(square.deliver(&[order_event("OrderPaid")]).await, ["OrderPaid"]);
    square.faults.clear();
    square.faults.add(Rule::new(Fault::LoseAnswer).on("Publish").times(1));
    let messages = [
        json!({ "messageId": "poison", "body": "{" }),
        // Only ordering consumes this event.
        order_event("OrderCancellationRequested"),
        changed("no-version", |envelope| envelope["detail"]["metadata"]["version"] = json!("one")),
        order_event("OrderPaid"),
    ];
    assert_eq!(square.deliver(&messages).await, ["poison", "OrderCancellationRequested", "no-version"]);
    // The first response was lost, so the event was published twice with identical content.
    let received = square.received(&square.everything, 2).await;
    assert_eq!(received[0].body, received[1].body);
}
