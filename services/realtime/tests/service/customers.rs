//! Export and erasure of a customer's chats.

use domain::customer::Customer;
use lambdakit::messaging::publish::Publisher;
use realtime::privacy::ChatData;
use realtime::store::{Author, Connection, Followed};
use serde_json::{Value, json};
use shopkit::privacy::PrivacyHandler;
use testkit::{Account, Bus, customer_id, deliver};

use crate::{Live, live_of, send, subscribe, young_order};

const EXPORT: &str = include_str!("../../events/realtime-on-privacy.json");
const ERASURE: &str = include_str!("../../events/realtime-on-privacy-erasure.json");

/// A realtime service with a bus.
struct Counter {
    live: Live,
    bus: Bus,
    requests: PrivacyHandler<ChatData>,
}

async fn counter() -> Counter {
    let account = Account::new();
    let (live, bus) = (live_of(&account).await, account.bus().await);
    let publisher = Publisher::new(account.aws().eventbridge(), bus.name());
    let requests =
        PrivacyHandler::new(ChatData::new(live.connections.clone(), live.chats.clone()), publisher);
    Counter { live, bus, requests }
}

impl Counter {
    /// Delivers a request and returns whether it was acknowledged.
    async fn deliver(&self, sample: &str) -> bool {
        deliver(&self.requests, sample).await.is_empty()
    }

    async fn write(&self, customer: &str, count: usize, text: &str) {
        for _ in 0..count {
            let (id, name) = (customer_id(customer).parse().unwrap(), customer.parse().unwrap());
            let text = text.parse().unwrap();
            self.live.chats.add(id, Author::Customer, Some(name), text).await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn an_export_hands_over_a_customers_chat_and_nobody_elses() {
    let counter = counter().await;
    counter.live.connect("1", "swn").await;
    counter.live.connect("2", "ada").await;
    counter.live.say("1", send("hello")).await;
    counter
        .live
        .say("2", json!({ "action": "sendMessage", "customerId": customer_id("swn"), "text": "hi" }))
        .await;
    counter.write("grace", 1, "not swn's").await;
    let seen = counter.live.say("1", json!({ "action": "readMessages" })).await;
    assert!(counter.deliver(EXPORT).await);
    let event = counter.bus.events(1).await.remove(0);
    assert_eq!(
        (&event["source"], &event["detail-type"]),
        (&json!("shop.realtime"), &json!("CustomerDataCollected"))
    );
    let data = &event["detail"]["data"];
    assert_eq!(
        (&data["holder"], &data["part"], &data["last"]),
        (&json!("realtime"), &json!(0), &json!(true))
    );
    assert_eq!(data["items"], seen["items"]);
    assert_eq!(data["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_long_chat_is_handed_over_in_parts_and_a_redelivered_request_starts_another_run() {
    let counter = counter().await;
    counter.write("swn", 70, &"x".repeat(2000)).await;
    assert!(counter.deliver(EXPORT).await);
    assert!(counter.deliver(EXPORT).await);
    let events = counter.bus.events(6).await;
    let (first, again) = events.split_at(3);
    let mut seqs = Vec::new();
    for (number, (event, same)) in first.iter().zip(again).enumerate() {
        assert_ne!(event["detail"]["metadata"]["eventId"], same["detail"]["metadata"]["eventId"]);
        assert_ne!(event["detail"]["data"]["runId"], same["detail"]["data"]["runId"]);
        assert_eq!(event["detail"]["data"]["items"], same["detail"]["data"]["items"]);
        let data = &event["detail"]["data"];
        assert_eq!((&data["part"], &data["last"]), (&json!(number), &json!(number == 2)));
        assert!(event["detail"].to_string().len() < 64 * 1024);
        seqs.extend(data["items"].as_array().unwrap().iter().map(|line| line["seq"].as_u64().unwrap()));
    }
    assert_eq!(seqs, (1..=70).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_erasure_leaves_tombstones_and_ends_connections() {
    let counter = counter().await;
    let live = &counter.live;
    let order = young_order();
    for (id, user) in [("1", "swn"), ("2", "swn"), ("3", "grace")] {
        live.connect(id, user).await;
        live.say(id, send("hello")).await;
    }
    live.say("1", subscribe(order)).await;
    assert!(live.handle("OrderPaid", "swn", order).await);
    counter.write("swn", 60, "more").await;
    assert!(counter.deliver(ERASURE).await);
    assert_eq!(
        live.rows().await,
        [
            "connection#3 / connection".to_owned(),
            format!("customer#{} / connection#3", customer_id("grace")),
            format!("customer#{} / erased", customer_id("swn")),
        ]
    );
    let chats = live.dynamodb.scan().table_name("CHAT_TABLE").send().await.unwrap();
    assert_eq!(chats.items().len(), 3, "grace's message and its counter, and a tombstone");
    assert_eq!(live.say("1", send("still here")).await["status"], 401);
    let event = counter.bus.events(1).await.remove(0);
    assert_eq!(event["detail-type"], "CustomerDataErased");
    assert_eq!(event["detail"]["data"]["holder"], "realtime");
    assert_eq!(event["detail"]["data"]["erasureId"], "019c1430-4400-7000-8000-000000000008");
    assert!(counter.deliver(ERASURE).await);
    let events = counter.bus.events(2).await;
    assert_eq!(events[0]["detail"]["metadata"]["eventId"], events[1]["detail"]["metadata"]["eventId"]);
}

#[tokio::test]
async fn no_connection_of_a_forgotten_customer_is_left_however_many_there_are() {
    let counter = counter().await;
    let live = &counter.live;
    let connecting = (0..120).map(|number| async move { live.connect(&number.to_string(), "swn").await });
    futures::future::join_all(connecting).await;
    assert_eq!(live.rows().await.len(), 240);
    assert!(counter.deliver(ERASURE).await);
    assert_eq!(live.rows().await, [format!("customer#{} / erased", customer_id("swn"))]);
}

#[tokio::test]
async fn an_erased_customer_is_not_brought_back_by_what_comes_late() {
    let counter = counter().await;
    let live = &counter.live;
    let order = young_order();
    live.connect("staff", "ada").await;
    assert!(counter.deliver(ERASURE).await);
    let before = live.rows().await;
    // An order placed earlier, the customer's own token, and staff who do not know of the erasure.
    assert!(live.handle("OrderPaid", "swn", order).await);
    assert_eq!(live.try_connect("1", "swn").await, 401);
    let sent = json!({ "action": "sendMessage", "customerId": customer_id("swn"), "text": "Hello?" });
    assert_eq!(live.say("staff", sent).await["status"], 404);
    assert_eq!(live.rows().await, before);
    let chats = live.dynamodb.scan().table_name("CHAT_TABLE").send().await.unwrap();
    assert_eq!(chats.items().len(), 1, "the tombstone");
}

#[tokio::test]
async fn a_connection_that_goes_while_it_follows_an_order_is_signed_out() {
    let counter = counter().await;
    let live = &counter.live;
    live.connect("1", "swn").await;
    assert!(counter.deliver(ERASURE).await);
    let connection = Connection {
        id: "1".to_owned(),
        customer: Customer { id: customer_id("swn").parse().unwrap(), user_name: "swn".parse().unwrap() },
        is_staff: false,
        expires_at: i64::MAX,
    };
    let followed = live.connections.follow(&connection, young_order()).await.unwrap();
    assert_eq!(followed, Followed::Unknown);
    assert_eq!(live.rows().await, [format!("customer#{} / erased", customer_id("swn"))]);
}

#[tokio::test]
async fn an_empty_chat_is_exported_as_empty() {
    let counter = counter().await;
    assert!(counter.deliver(EXPORT).await);
    let data: Value = counter.bus.events(1).await.remove(0)["detail"]["data"].clone();
    assert_eq!((&data["items"], &data["last"]), (&json!([]), &json!(true)));
    for (from, to) in [
        ("CustomerExportRequested", "CustomerMoved"),
        (&*customer_id("swn"), ""),
        (&*customer_id("swn"), "00000000-0000-0000-0000-000000000000"),
    ] {
        assert!(!counter.deliver(&EXPORT.replace(from, to)).await, "{to}");
    }
}
