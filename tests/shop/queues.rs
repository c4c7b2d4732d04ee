//! Queues between the services, and messages that cannot be processed.

use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use serde_json::{Value, json};
use shop_tests::Shop;
use testkit::{Account, eventually};
use tokio::sync::Mutex;
use uuid::Uuid;

const QUEUE: &str = "ordering-on-checkout";
const FAILURES: &str = "ordering-failures";
const SAMPLE: &str = include_str!("../../services/ordering/events/ordering-on-checkout.json");

/// Tests that need an empty queue run one at a time.
static TURN: Mutex<()> = Mutex::const_new(());

struct Queues {
    shop: Shop,
    sqs: aws_sdk_sqs::Client,
}

impl Queues {
    fn new() -> Self {
        Self { shop: Shop::new(), sqs: Account::of_the_shop().aws().sqs() }
    }

    fn url(&self, queue: &str) -> String {
        self.shop.output(&format!("/queues/{queue}")).to_owned()
    }

    async fn send(&self, bodies: &[String]) {
        let entries = bodies.iter().enumerate().map(|(index, body)| {
            SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build().unwrap()
        });
        let batch = self.sqs.send_message_batch().queue_url(self.url(QUEUE));
        let sent = batch.set_entries(Some(entries.collect())).send().await.unwrap();
        assert!(sent.failed().is_empty());
    }

    /// Sets the visibility timeout in seconds and returns the previous one.
    async fn hide_for(&self, seconds: usize) -> usize {
        let [before] = self.attributes(QUEUE, [QueueAttributeName::VisibilityTimeout]).await;
        let attributes = self.sqs.set_queue_attributes().queue_url(self.url(QUEUE));
        let attributes = attributes.attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string());
        attributes.send().await.unwrap();
        before
    }

    async fn attributes<const N: usize>(&self, queue: &str, names: [QueueAttributeName; N]) -> [usize; N] {
        let attributes = self.sqs.get_queue_attributes().queue_url(self.url(queue));
        let attributes = attributes.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        names.map(|name| attributes.attributes.as_ref().unwrap()[&name].parse().unwrap())
    }

    /// The number of visible messages in a queue, and of those in flight.
    async fn messages(&self, queue: &str) -> [usize; 2] {
        let in_hand = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        self.attributes(queue, [QueueAttributeName::ApproximateNumberOfMessages, in_hand]).await
    }

    /// Waits until a queue has exactly this many visible messages and none in flight.
    async fn wait_for(&self, queue: &str, messages: usize) {
        eventually(&format!("{messages} messages in {queue}"), async || {
            (self.messages(queue).await == [messages, 0]).then_some(())
        })
        .await;
    }

    /// The customer's only order, once it is final.
    async fn order_that_ended(&self, user: &str) -> Value {
        eventually("the end of an order", async || {
            let page = self.orders(user, 1).await;
            (page["items"][0]["status"] == "REJECTED").then_some(page)
        })
        .await
    }

    async fn orders(&self, user: &str, count: usize) -> Value {
        eventually(&format!("{count} orders"), async || {
            let page = self.shop.get(&format!("/order/{user}")).expect(200).body;
            (page["items"].as_array().unwrap().len() == count).then_some(page)
        })
        .await
    }
}

/// A checkout event of this customer, as EventBridge writes it to the queue.
fn checked_out(user: &str) -> String {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let body = sample["Records"][0]["body"].as_str().unwrap();
    let mut envelope: Value = serde_json::from_str(body).unwrap();
    envelope["detail"]["data"]["customerId"] = json!(testkit::customer_id(user));
    envelope["detail"]["data"]["userName"] = json!(user);
    envelope["detail"]["data"]["orderId"] = json!(Uuid::now_v7());
    envelope.to_string()
}

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() {
    let _turn = TURN.lock().await;
    let (queues, user) = (Queues::new(), format!("customer-{}", Uuid::now_v7()));
    let message = checked_out(&user);
    queues.send(&[message.clone(), message.clone()]).await;
    let before = queues.order_that_ended(&user).await;
    queues.send(&[message]).await;
    queues.wait_for(QUEUE, 0).await;
    assert_eq!(queues.orders(&user, 1).await, before);
}

#[tokio::test]
async fn a_poison_message_is_dead_lettered_and_nine_orders_are_placed() {
    let _turn = TURN.lock().await;
    let (queues, user) = (Queues::new(), format!("customer-{}", Uuid::now_v7()));
    let poison = format!(r#"{{"poison": "{user}"}}"#);
    let mut messages: Vec<_> = (0..9).map(|_| checked_out(&user)).collect();
    messages.insert(5, poison);
    let dead = queues.messages(FAILURES).await[0] + 1;
    let hidden = queues.hide_for(2).await;
    queues.send(&messages).await;
    queues.orders(&user, 9).await;
    queues.wait_for(FAILURES, dead).await;

    // The message is still poison and returns to the failure queue: no message is lost.
    let redrive = queues.shop.xtask(&["redrive", FAILURES]);
    let said = String::from_utf8_lossy(&redrive.stdout);
    assert!(redrive.status.success(), "{said}{}", String::from_utf8_lossy(&redrive.stderr));
    assert!(said.contains(&format!("{dead} message")), "{said}");
    queues.wait_for(FAILURES, dead).await;
    queues.wait_for(QUEUE, 0).await;
    queues.hide_for(hidden).await;
    queues.orders(&user, 9).await;
}
