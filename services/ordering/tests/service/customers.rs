//! Export and erasure of a customer's orders.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::messaging::publish::Publisher;
use ordering::checkout::CheckoutHandler;
use ordering::privacy::OrderData;
use ordering::store::OrderStore;
use serde_json::{Value, json};
use shopkit::privacy::PrivacyHandler;
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Bus, Client, customer_id, deliver, seed};

use crate::{Shop, order};

const EXPORT: &str = include_str!("../../events/ordering-on-privacy.json");
/// The customer id of erased orders.
const ERASED: &str = "00000000-0000-0000-0000-000000000000";
const ERASURE: &str = include_str!("../../events/ordering-on-privacy-erasure.json");

/// An ordering service with a bus, and a proxy between it and AWS.
struct Counter {
    shop: Shop,
    bus: Bus,
    requests: PrivacyHandler<OrderData>,
    account: Account,
    faults: FaultProxy,
}

async fn counter() -> Counter {
    let account = Account::new();
    let faults = account.faults().await;
    let of_service = account.behind(&faults);
    account.table("ORDER_TABLE").await;
    let orders = OrderStore::new(of_service.known_table("ORDER_TABLE"));
    let bus = account.bus().await;
    let publisher = Publisher::new(of_service.aws().eventbridge(), bus.name());
    let requests = PrivacyHandler::new(OrderData::new(orders.clone()), publisher);
    let client = Client::new(ordering::api::router(orders.clone()));
    let shop = Shop { client, dynamodb: account.aws().dynamodb(), checkouts: CheckoutHandler::new(orders) };
    Counter { shop, bus, requests, account, faults }
}

impl Counter {
    /// Delivers a request and returns whether it was acknowledged.
    async fn deliver(&self, sample: &str) -> bool {
        deliver(&self.requests, sample).await.is_empty()
    }

    /// Adds this many orders of `swn`, one second apart.
    async fn fill(&self, count: u64) {
        assert!(self.shop.deliver(&[order("swn", 0)]).await.is_empty());
        let template = self.shop.rows().await.remove(0);
        let orders = (1..count).map(|number| {
            let mut row = template.clone();
            let id = format!("019c1430-{:04x}-7000-8000-{number:012}", number % 0x1000);
            row.insert("orderId".to_owned(), AttributeValue::S(id));
            row
        });
        seed(&self.account.known_table("ORDER_TABLE"), orders).await;
    }

    async fn rows(&self) -> Vec<HashMap<String, AttributeValue>> {
        let pages = self.shop.dynamodb.scan().table_name("ORDER_TABLE").into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.unwrap()
    }

    /// The rows under a customer's id.
    async fn rows_of(&self, id: &str) -> Vec<HashMap<String, AttributeValue>> {
        let id = AttributeValue::S(id.to_owned());
        self.rows().await.into_iter().filter(|row| row["customerId"] == id).collect()
    }
}

#[tokio::test]
async fn an_export_hands_over_a_customers_orders_as_they_see_them_and_nobody_elses() {
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1), order("swn", 2), order("ada", 3)]).await.is_empty());
    assert!(counter.deliver(EXPORT).await);
    let event = counter.bus.events(1).await.remove(0);
    assert_eq!(event["source"], "shop.ordering");
    assert_eq!(event["detail-type"], "CustomerDataCollected");
    assert_eq!(event["detail"]["metadata"]["correlationId"], "sample-7");
    assert_eq!(event["detail"]["metadata"]["causationId"], "019c1430-4400-7000-8000-000000000007");
    let data = &event["detail"]["data"];
    assert_eq!(data["holder"], "ordering");
    assert_eq!((&data["part"], &data["last"]), (&json!(0), &json!(true)));
    let mut seen = counter.shop.client.get("/order/swn").await.expect(200).body["items"].clone();
    seen.as_array_mut().unwrap().reverse();
    assert_eq!(data["items"], seen);
}

#[tokio::test]
async fn no_orders_are_exported_as_empty() {
    let counter = counter().await;
    assert!(counter.deliver(EXPORT).await);
    let data = counter.bus.events(1).await.remove(0)["detail"]["data"].clone();
    assert_eq!((&data["items"], &data["last"]), (&json!([]), &json!(true)));
}

#[tokio::test]
async fn many_orders_are_handed_over_in_parts_and_a_redelivered_request_starts_another_run() {
    let counter = counter().await;
    counter.fill(300).await;
    // The first attempt fails after some parts, so nothing is acknowledged.
    counter.faults.add(Rule::new(Fault::Refuse).on("PutEvents").after(2));
    assert!(!counter.deliver(EXPORT).await);
    counter.faults.clear();
    let published = counter.bus.events(2).await;
    assert!(counter.deliver(EXPORT).await);
    let mut events = counter.bus.events(published.len() + 3).await;
    let again = events.split_off(published.len());
    for (first, second) in published.iter().zip(&again) {
        // Orders can change between two runs, so parts of different runs must differ in their ids.
        assert_ne!(first["detail"]["metadata"]["eventId"], second["detail"]["metadata"]["eventId"]);
        assert_ne!(first["detail"]["data"]["runId"], second["detail"]["data"]["runId"]);
        assert_eq!(first["detail"]["data"]["items"], second["detail"]["data"]["items"]);
    }
    let mut ids = BTreeSet::new();
    for (number, event) in again.iter().enumerate() {
        assert!(event["detail"].to_string().len() < 64 * 1024, "what EventBridge bills as one event");
        let data = &event["detail"]["data"];
        assert_eq!((&data["part"], &data["last"]), (&json!(number), &json!(number + 1 == again.len())));
        assert_eq!(data["runId"], again[0]["detail"]["data"]["runId"]);
        ids.extend(data["items"].as_array().unwrap().iter().map(|order| order["orderId"].to_string()));
    }
    assert_eq!(ids.len(), 300);
}

#[tokio::test]
async fn orders_of_a_forgotten_customer_stay_for_the_books() {
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1), order("swn", 2), order("ada", 3)]).await.is_empty());
    let before = counter.shop.client.get("/order?status=PENDING").await.expect(200).body;
    assert!(counter.deliver(ERASURE).await);
    let after = counter.shop.client.get("/order?status=PENDING").await.expect(200).body;
    for (before, after) in before["items"].as_array().unwrap().iter().zip(after["items"].as_array().unwrap())
    {
        for kept in ["orderId", "orderDate", "status", "items", "totalPrice", "currency", "paymentMethod"] {
            assert_eq!(after[kept], before[kept]);
        }
        let erased = if before["userName"] == "ada" { "ada" } else { "erased" };
        assert_eq!(after["userName"], erased);
    }
    let left: Vec<_> = counter.rows().await.iter().map(|row| format!("{row:?}")).collect();
    for row in left.iter().filter(|row| !row.contains("\"ada\"")) {
        for personal in ["Grace", "Hopper", "name@example.com", "Harbour", "tok_visa", "sample-5"] {
            assert!(!row.contains(personal), "{personal} in {row}");
        }
    }
    let event = counter.bus.events(1).await.remove(0);
    assert_eq!(event["detail-type"], "CustomerDataErased");
    assert_eq!(event["detail"]["data"]["holder"], "ordering");
    assert_eq!(event["detail"]["data"]["erasureId"], "019c1430-4400-7000-8000-000000000008");
}

#[tokio::test]
async fn orders_of_erased_customers_are_hidden_from_everybody() {
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1), order("swn", 2)]).await.is_empty());
    let client = &counter.shop.client;
    let id = client.get("/order/swn").await.body["items"][0]["orderId"].clone();
    assert!(counter.deliver(ERASURE).await);
    assert_eq!(client.get("/order/swn").await.expect(200).body, json!({ "items": [] }));
    assert_eq!(client.get("/order/swn?orderDate=2026-01-31").await.expect(200).body, json!({ "items": [] }));
    // The customer whose token is still valid sees no orders either.
    let own = client.customer("swn");
    assert_eq!(own.get("/order/swn").await.expect(200).body, json!({ "items": [] }));
    own.get(&format!("/order/swn/{}", id.as_str().unwrap())).await.expect(404);
    client.get(&format!("/order/swn/{}", id.as_str().unwrap())).await.expect(404);
    for list in ["/order?limit=1", "/order?status=PENDING&limit=1"] {
        let (mut orders, mut next) = (Vec::new(), list.to_owned());
        loop {
            let page = client.get(&next).await.expect(200).body;
            orders.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            next = format!("{list}&cursor={cursor}");
        }
        assert_eq!(orders.len(), 2, "{list}");
        assert!(orders.iter().all(|order| order["userName"] == "erased"), "{list}");
    }
}

#[tokio::test]
async fn a_redelivered_checkout_of_an_erased_customer_makes_no_order() {
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1)]).await.is_empty());
    assert!(counter.deliver(ERASURE).await);
    let before = counter.rows().await;
    assert!(counter.shop.deliver(&[order("swn", 1)]).await.is_empty());
    assert_eq!(counter.rows().await, before);
    assert_eq!(counter.shop.client.get("/order/swn").await.body, json!({ "items": [] }));
    let tombstone = counter.rows_of(&customer_id("swn")).await.remove(0);
    let left: BTreeSet<_> = tombstone.keys().map(String::as_str).collect();
    assert_eq!(left, BTreeSet::from(["customerId", "erasedAt", "expiresAt", "orderId"]));
    assert_eq!(tombstone["orderId"], AttributeValue::S("erased".to_owned()));
}

#[tokio::test]
async fn a_late_checkout_of_an_erased_customer_makes_one_anonymous_order() {
    let counter = counter().await;
    assert!(counter.deliver(ERASURE).await);
    for _ in 0..2 {
        assert!(counter.shop.deliver(&[order("swn", 1), order("ada", 2)]).await.is_empty());
    }
    let orders = counter.rows_of(ERASED).await;
    assert_eq!(orders.len(), 1);
    let row = format!("{:?}", orders[0]);
    for personal in ["swn", "Grace", "Hopper", "name@example.com", "Harbour", "tok_visa", "sample-5"] {
        assert!(!row.contains(personal), "{personal} in {row}");
    }
    // This order is published, unlike a moved order, which has `movedAt`.
    assert!(!orders[0].contains_key("movedAt"));
    assert_eq!(counter.rows_of(&customer_id("swn")).await.len(), 1, "the tombstone");
    assert_eq!(counter.rows_of(&customer_id("ada")).await.len(), 1, "somebody else's order");
}

#[tokio::test]
async fn a_redelivered_checkout_between_tombstone_and_erasure_leaves_one_order() {
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1)]).await.is_empty());
    counter.faults.add(Rule::new(Fault::ServerError).on("Query"));
    assert!(!counter.deliver(ERASURE).await);
    counter.faults.clear();
    assert!(counter.shop.deliver(&[order("swn", 1)]).await.is_empty());
    assert!(counter.rows_of(ERASED).await.is_empty());
    assert!(counter.deliver(ERASURE).await);
    let moved = counter.rows_of(ERASED).await;
    assert_eq!(moved.len(), 1);
    assert!(moved[0].contains_key("movedAt"));
}

#[tokio::test]
async fn the_next_owner_of_a_name_sees_nothing_of_the_first_and_loses_nothing_to_them() {
    const SECOND: &str = "5c0f9a1e-2b34-4c1d-9e7f-8a6b5c4d3e2f";
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1)]).await.is_empty());
    // The account is deleted, without an erasure request to the shop.
    let second = counter.shop.client.customer_with_id("swn", SECOND);
    assert_eq!(second.get("/order/swn").await.expect(200).body, json!({ "items": [] }));
    let of_first = counter.shop.client.get("/order/swn").await.body["items"][0]["orderId"].clone();
    let path = format!("/order/swn/{}", of_first.as_str().unwrap());
    second.get(&path).await.expect(404);
    second.send("POST", &format!("{path}/cancel"), &[], "").await.expect(404);
    let mine = crate::message("mine", |data| {
        data["customerId"] = json!(SECOND);
        data["orderId"] = json!("019c1431-2e60-7000-8000-000000000077");
    });
    assert!(counter.shop.deliver(&[mine]).await.is_empty());
    // Staff see the orders of both customers, and the customer id of each.
    let both = counter.shop.client.get("/order/swn").await.expect(200).body;
    let ids: BTreeSet<_> =
        both["items"].as_array().unwrap().iter().map(|o| o["customerId"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from([SECOND, customer_id("swn").as_str()]));
    let one = counter.shop.client.get(&format!("/order/swn?customerId={SECOND}")).await.expect(200).body;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    // Late messages of the first customer affect only the first customer.
    for message in [ERASURE, EXPORT, ERASURE] {
        assert!(counter.deliver(message).await);
    }
    assert_eq!(second.get("/order/swn").await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(counter.rows_of(ERASED).await.len(), 1);
    for event in counter.bus.events(3).await {
        assert!(!event.to_string().contains("000000000077"), "{event}");
    }
}

#[tokio::test]
async fn an_erasure_that_breaks_off_among_a_thousand_orders_goes_on_when_it_comes_again() {
    let counter = counter().await;
    counter.fill(1000).await;
    let ids = |rows: Vec<HashMap<String, AttributeValue>>| {
        rows.iter().map(|row| row["orderId"].as_s().unwrap().clone()).collect::<BTreeSet<_>>()
    };
    let all = ids(counter.rows_of(&customer_id("swn")).await);
    for done in [0, 37, 62] {
        // As if the function had died: its writes are stored, and nothing is published.
        counter.faults.add(Rule::new(Fault::Refuse).on("TransactWriteItems").after(done));
        assert!(!counter.deliver(ERASURE).await);
        counter.faults.clear();
        // Each order exists exactly once at any time.
        let orders = counter.rows().await.into_iter().filter(|row| row.contains_key("status"));
        assert_eq!(orders.count(), 1000);
    }
    assert!(counter.deliver(ERASURE).await);
    assert!(counter.deliver(ERASURE).await);
    assert_eq!(ids(counter.rows_of(ERASED).await), all);
    assert!(counter.rows_of(&customer_id("swn")).await.iter().all(|row| !row.contains_key("status")));
    let events = counter.bus.events(2).await;
    assert_eq!(events[0]["detail"]["metadata"]["eventId"], events[1]["detail"]["metadata"]["eventId"]);
}

#[tokio::test]
async fn an_erasure_outlives_lost_answers_and_other_transactions() {
    for fault in [Fault::LoseAnswer, Fault::Conflict] {
        let counter = counter().await;
        assert!(counter.shop.deliver(&[order("swn", 1), order("swn", 2)]).await.is_empty());
        counter.faults.add(Rule::new(fault).on("TransactWriteItems").times(2));
        assert!(counter.deliver(ERASURE).await, "{fault:?}");
        assert_eq!(counter.rows_of(ERASED).await.len(), 2);
    }
}

#[tokio::test]
async fn an_erasure_that_cannot_be_told_comes_again() {
    let counter = counter().await;
    assert!(counter.shop.deliver(&[order("swn", 1)]).await.is_empty());
    for fault in [Fault::Partial, Fault::ServerError] {
        counter.faults.add(Rule::new(fault).on("PutEvents"));
        assert!(!counter.deliver(ERASURE).await, "{fault:?}");
        counter.faults.clear();
    }
    assert!(counter.deliver(ERASURE).await);
    assert_eq!(counter.bus.events(1).await.len(), 1);
}

#[tokio::test]
async fn unreadable_requests_are_never_acknowledged() {
    let counter = counter().await;
    for (from, to) in [
        ("CustomerExportRequested", "CustomerMoved"),
        (&*customer_id("swn"), ""),
        (&*customer_id("swn"), ERASED),
    ] {
        assert!(!counter.deliver(&EXPORT.replace(from, to)).await, "{to}");
    }
    assert_eq!(counter.shop.client.get("/order").await.body["items"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn an_order_that_is_erased_while_a_list_is_read_is_left_out() {
    for list in ["/order", "/order/swn"] {
        let counter = counter().await;
        assert!(counter.shop.deliver(&[order("swn", 1), order("grace", 2)]).await.is_empty());
        // The index still has the order, but its item is a tombstone when it is fetched.
        counter.faults.add(Rule::new(Fault::Delay(Duration::from_secs(1))).on("BatchGetItem").times(1));
        let erase = async {
            testkit::eventually("the fetch", async || (counter.faults.delayed() > 0).then_some(())).await;
            assert!(counter.deliver(ERASURE).await);
        };
        let (answer, ()) = tokio::join!(counter.shop.client.get(list), erase);
        let orders = answer.expect(200).body["items"].as_array().unwrap().clone();
        assert!(orders.iter().all(|order| order["userName"] != "swn"), "{list}: {orders:?}");
    }
}
