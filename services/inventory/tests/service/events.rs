use std::collections::BTreeMap;

use inventory::outbox::translate;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, Quarantine};
use serde_json::{Value, json};
use testkit::{Account, Bus};

const SAMPLE: &str = include_str!("../../events/inventory-publisher.json");

struct Shop {
    account: Account,
    bus: Bus,
    /// URL of the queue for quarantined records.
    failures: String,
    outbox: Outbox,
}

async fn shop(threshold: u64) -> Shop {
    let account = Account::new();
    let (bus, failures, aws) = (account.bus().await, account.queue("failures").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let quarantine = Quarantine::new(aws.sqs(), failures.clone(), "inventory-publisher".to_owned());
    let outbox = Outbox::new(publisher, quarantine, translate(threshold));
    Shop { account, bus, failures, outbox }
}

fn sample() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

impl Shop {
    async fn publish(&self, records: Vec<Value>) {
        let batch: Batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        assert_eq!(self.outbox.invoke(batch, None).await.unwrap().failed().count(), 0);
    }

    /// The events published for these records. Fails if their number is not `events`.
    async fn published(&self, records: Vec<Value>, events: usize) -> Vec<Value> {
        self.publish(records).await;
        // The last record's event shows that no other event preceded it.
        let mut last = sample()["Records"][1].clone();
        last["dynamodb"]["NewImage"]["version"] = json!({ "N": "1000" });
        self.publish(vec![last]).await;
        let mut events = self.bus.events(events + 1).await;
        let last = events.pop().unwrap();
        assert_eq!(last["detail"]["data"]["version"], 1000, "{events:?}");
        events
    }
}

fn record(index: usize) -> Value {
    sample()["Records"][index].clone()
}

#[tokio::test]
async fn each_change_of_the_stock_is_told() {
    let shop = shop(5).await;
    let events = shop.published(sample()["Records"].as_array().unwrap().clone(), 6).await;
    let mut by_type = BTreeMap::<_, Vec<_>>::new();
    for event in &events {
        assert_eq!(event["source"], "shop.inventory");
        by_type.entry(event["detail-type"].as_str().unwrap()).or_default().push(&event["detail"]);
    }
    let types: Vec<_> = by_type.iter().map(|(name, events)| (*name, events.len())).collect();
    let expected = [
        ("StockChanged", 2),
        ("StockLow", 1),
        ("StockReleased", 1),
        ("StockReserved", 1),
        ("StockShipped", 1),
    ];
    assert_eq!(types, expected);

    let (lamp, order) = ("019c1430-4400-7000-8000-000000000001", "019c1431-2e60-7000-8000-000000000001");
    let changed = by_type["StockChanged"].iter().find(|detail| detail["data"]["version"] == 2).unwrap();
    assert_eq!(changed["data"], json!({ "productId": lamp, "onHand": 4, "reserved": 2, "version": 2 }));
    assert_eq!(changed["metadata"]["occurredAt"], "2026-01-31T12:01:00.000Z");
    let low = by_type["StockLow"][0];
    assert_eq!(low["data"], json!({ "productId": lamp, "onHand": 4, "threshold": 5 }));
    let reserved = by_type["StockReserved"][0];
    assert_eq!(reserved["data"]["orderId"], order);
    assert_eq!(reserved["data"]["units"][0], json!({ "productId": lamp, "quantity": 2 }));
    assert_eq!(reserved["metadata"]["correlationId"], "sample-5");
    assert_eq!(by_type["StockReleased"][0]["metadata"]["correlationId"], "sample-8", "on whose request");
}

#[tokio::test]
async fn a_record_that_comes_again_tells_the_same_events() {
    let shop = shop(5).await;
    for _ in 0..2 {
        shop.publish(sample()["Records"].as_array().unwrap().clone()).await;
    }
    let events = shop.bus.events(12).await;
    let mut times = BTreeMap::new();
    for event in &events {
        *times.entry(event["detail"]["metadata"]["eventId"].to_string()).or_insert(0) += 1;
    }
    assert_eq!(times.into_values().collect::<Vec<_>>(), [2; 6]);
}

#[tokio::test]
async fn few_units_are_told_of_when_it_comes_to_that_and_not_again_with_each_piece() {
    // Units before and after, and whether an event is published with a threshold of 5.
    for (before, after, low) in
        [(6, 5, false), (5, 4, true), (9, 0, true), (4, 3, false), (3, 9, false), (0, 4, false)]
    {
        let shop = shop(5).await;
        let mut change = record(3);
        change["dynamodb"]["OldImage"]["onHand"] = json!({ "N": before.to_string() });
        change["dynamodb"]["NewImage"]["onHand"] = json!({ "N": after.to_string() });
        let events = shop.published(vec![change], 1 + usize::from(low)).await;
        assert_eq!(events.iter().any(|event| event["detail-type"] == "StockLow"), low, "{before} to {after}");
    }
}

/// A change of an order's row from one state, with this many parts left, to another.
fn turned(from: Option<(&str, u64)>, to: (&str, u64)) -> Value {
    let mut change = record(4);
    let set = |image: &mut Value, (state, left): (&str, u64)| {
        image["state"] = json!({ "S": state });
        image["left"] = json!({ "N": left.to_string() });
    };
    set(&mut change["dynamodb"]["NewImage"], to);
    match from {
        Some(from) => set(&mut change["dynamodb"]["OldImage"], from),
        None => {
            change["eventName"] = json!("INSERT");
            change["dynamodb"].as_object_mut().unwrap().remove("OldImage");
        }
    }
    change
}

#[tokio::test]
async fn an_order_in_parts_publishes_each_event_once() {
    let shop = shop(5).await;
    let there_and_out = vec![
        turned(None, ("RESERVED", 1)),
        turned(Some(("RESERVED", 1)), ("RESERVED", 0)),
        turned(Some(("RESERVED", 0)), ("SHIPPED", 1)),
        turned(Some(("SHIPPED", 1)), ("SHIPPED", 0)),
    ];
    let events = shop.published(there_and_out, 2).await;
    let types: Vec<_> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    assert_eq!(types, ["StockReserved", "StockShipped"]);
}

#[tokio::test]
async fn an_incomplete_reservation_publishes_no_release() {
    let shop = shop(5).await;
    let silent = vec![
        turned(None, ("RELEASED", 0)),
        turned(None, ("REFUSED", 0)),
        turned(None, ("RESERVED", 1)),
        turned(Some(("RESERVED", 1)), ("REFUSED", 0)),
        turned(Some(("RESERVED", 1)), ("RELEASED", 0)),
    ];
    assert_eq!(shop.published(silent, 0).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_record_on_its_own_is_published_like_any_other() {
    let shop = shop(5).await;
    shop.publish(vec![record(1)]).await;
    assert_eq!(shop.bus.events(1).await[0]["detail-type"], "StockChanged");
}

#[tokio::test]
async fn a_row_that_is_none_of_ours_is_not_passed_over() {
    let shop = shop(5).await;
    let mut foreign = record(1);
    foreign["dynamodb"]["NewImage"]["item"] = json!({ "S": "no name" });
    shop.publish(vec![foreign.clone()]).await;
    let message = shop.account.message(&shop.failures).await;
    let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
    assert_eq!(body, foreign);
    let reason = message.message_attributes().unwrap()["reason"].string_value();
    assert_eq!(reason, Some("a row of the stock table is none of ours"));
}
