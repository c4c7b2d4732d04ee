use std::time::Duration;

use lambdakit::aws::Aws;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, RetryBatch, RetryQueue};
use product::change::translate;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Bus, Context, deadline_in, eventually};

const SAMPLE: &str = include_str!("../../events/product-publisher.json");

struct Shop {
    bus: Bus,
    retries: String,
    sqs: aws_sdk_sqs::Client,
    outbox: Outbox,
}

async fn shop() -> Shop {
    let account = Account::new();
    shop_of(&account, account.aws()).await
}

/// The same, with a proxy between the function and AWS.
async fn faulty_shop() -> (Shop, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    (shop_of(&account, account.behind(&faults).aws()).await, faults)
}

async fn shop_of(account: &Account, aws: &Aws) -> Shop {
    let (bus, retries) = (account.bus().await, account.queue("retries").await);
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let outbox = Outbox::new(publisher, RetryQueue::new(aws.sqs(), retries.clone()), translate);
    Shop { bus, retries, sqs: account.aws().sqs(), outbox }
}

fn batch(value: &Value) -> Batch {
    serde_json::from_value(value.clone()).unwrap()
}

fn sample() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

#[tokio::test]
async fn each_change_of_a_product_is_told_as_an_event() {
    let shop = shop().await;
    let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);

    let events = shop.bus.events(3).await;
    let told = |detail_type: &str| {
        let event = events.iter().find(|event| event["detail-type"] == detail_type).unwrap();
        assert_eq!(event["source"], "shop.product");
        event["detail"].clone()
    };
    let created = told("ProductCreated");
    assert_eq!(created["metadata"]["correlationId"], "sample-1");
    assert_eq!(created["metadata"]["version"], 1);
    assert_eq!(created["data"]["product"]["price"].to_string(), "950.4");
    assert_eq!(created["data"]["product"]["version"], 1);

    let updated = told("ProductUpdated");
    assert_eq!(updated["metadata"]["occurredAt"], "2026-01-31T12:01:00.000Z");
    assert_eq!(updated["data"]["priceChange"], json!({ "from": 950.4, "to": 899.0 }));

    let deleted = told("ProductDeleted");
    assert_eq!(deleted["data"]["version"], 3, "a deletion is later than every change");
    assert_eq!(deleted["metadata"]["correlationId"], "sample-3", "on whose request it went");
}

#[tokio::test]
async fn a_mere_change_of_the_stock_is_not_told_as_one_of_the_product() {
    let shop = shop().await;
    let mut records = sample();
    let change = &mut records["Records"][1]["dynamodb"];
    change["OldImage"] = change["NewImage"].clone();
    change["NewImage"]["available"] = json!({ "N": "12" });
    change["NewImage"]["stockVersion"] = json!({ "N": "1" });
    let response = shop.outbox.invoke(batch(&records), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    let told = shop.bus.events(2).await;
    assert!(told.iter().all(|event| event["detail-type"] != "ProductUpdated"), "{told:?}");
}

#[tokio::test]
async fn a_record_that_comes_again_tells_the_same_event() {
    let shop = shop().await;
    for _ in 0..2 {
        shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    }
    let events = shop.bus.events(6).await;
    let mut ids: Vec<_> =
        events.iter().map(|event| event["detail"]["metadata"]["eventId"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_set_aside_and_its_neighbours_are_told() {
    let shop = shop().await;
    let mut records = sample();
    records["Records"][1]["dynamodb"]["NewImage"]["price"] = json!({ "S": "cheap" });
    let response = shop.outbox.invoke(batch(&records), None).await.unwrap();
    assert_eq!(response.failed().count(), 0, "the stream moves on");
    assert_eq!(shop.bus.events(2).await.len(), 2);

    let message = eventually("a message in the retry queue", async || {
        let received = shop.sqs.receive_message().queue_url(&shop.retries).message_attribute_names("All");
        received.send().await.unwrap().messages.unwrap_or_default().pop()
    })
    .await;
    let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
    assert_eq!(body, records["Records"][1], "the record as it came");
    let reason = message.message_attributes().unwrap()["reason"].string_value().unwrap();
    assert!(reason.contains("price") || reason.contains("map") || reason.contains("struct"), "{reason}");

    // The retry queue redelivers the message, and keeps it for as long as it cannot be read.
    let again = json!({ "Records": [
        { "messageId": "m-1", "eventSource": "aws:sqs", "body": message.body().unwrap() },
        { "messageId": "m-2", "eventSource": "aws:sqs", "body": records["Records"][0].to_string() },
    ] });
    let response = shop.outbox.invoke(batch(&again), None).await.unwrap();
    assert_eq!(response.failed().collect::<Vec<_>>(), ["m-1"]);
    assert_eq!(shop.bus.events(3).await.len(), 3);
}

#[tokio::test]
async fn the_stream_waits_while_a_record_can_neither_be_told_nor_set_aside() {
    let account = Account::new();
    let (bus, aws) = (account.bus().await, account.aws());
    let nowhere = RetryQueue::new(aws.sqs(), "http://127.0.0.1:9/000000000000/nowhere".to_owned());
    let outbox = Outbox::new(Publisher::new(aws.eventbridge(), bus.name()), nowhere, translate);
    let mut records = sample();
    let unreadable = json!({ "dynamodb": { "SequenceNumber": "77" }, "eventSource": "aws:dynamodb" });
    records["Records"][1] = unreadable.clone();
    // Earlier records are published. The failed record and all behind it are retried, and then no
    // record succeeds.
    let response = outbox.invoke(batch(&records), None).await.unwrap();
    assert_eq!(response.failed().collect::<Vec<_>>(), ["77"]);
    let rest = json!({ "Records": [unreadable, records["Records"][2]] });
    assert_eq!(outbox.invoke(batch(&rest), None).await.unwrap_err(), RetryBatch);
}

/// A deadline that is long enough for a successful call, even on a busy machine.
fn soon() -> Context {
    deadline_in(Duration::from_millis(1_900))
}

#[tokio::test]
async fn at_the_deadline_a_stream_comes_again_from_the_first_record_that_is_not_done() {
    let slow = || Rule::new(Fault::Delay(Duration::from_secs(20))).on("SendMessage");
    let mut records = sample();
    records["Records"][2]["dynamodb"]["OldImage"] = json!({ "price": { "S": "cheap" } });
    let last = records["Records"][2]["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
    let (shop, faults) = faulty_shop().await;
    faults.add(slow());
    let response = shop.outbox.invoke(batch(&records), Some(&soon())).await.unwrap();
    assert_eq!(response.failed().collect::<Vec<_>>(), [last]);
    assert_eq!(told(&shop, 2).await, [1, 1]);

    // No record of this batch is finished.
    let (shop, faults) = faulty_shop().await;
    faults.add(slow());
    let rest = json!({ "Records": [records["Records"][2], records["Records"][0]] });
    assert_eq!(shop.outbox.invoke(batch(&rest), Some(&soon())).await.unwrap_err(), RetryBatch);
}

#[tokio::test]
async fn at_the_deadline_only_the_messages_of_the_unfinished_call_come_again() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::Delay(Duration::from_secs(20))).on("PutEvents").times(1));
    let records = sample();
    let messages: Vec<_> = (0..12)
        .map(|id| {
            json!({ "messageId": format!("m-{id}"), "eventSource": "aws:sqs", "body": records["Records"][0].to_string() })
        })
        .collect();
    let response = shop.outbox.invoke(batch(&json!({ "Records": messages })), Some(&soon())).await.unwrap();
    let failed: Vec<_> = response.failed().collect();
    // A call publishes ten events, and either call may be the slow one.
    assert!(failed.len() == 2 || failed.len() == 10, "{failed:?}");
    assert_eq!(failed.contains(&"m-0"), failed.len() == 10, "{failed:?}");
    assert_eq!(shop.bus.events(12 - failed.len()).await.len(), 12 - failed.len());
}

#[tokio::test]
async fn a_record_from_the_retry_queue_is_told_like_any_other() {
    let shop = shop().await;
    let sample: Value =
        serde_json::from_str(include_str!("../../events/product-publisher-retry.json")).unwrap();
    let response = shop.outbox.invoke(batch(&sample), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    assert_eq!(shop.bus.events(1).await[0]["detail-type"], "ProductCreated");
}

/// How often each event was published, of any type.
async fn told(shop: &Shop, events: usize) -> Vec<usize> {
    let mut times = std::collections::BTreeMap::new();
    for event in shop.bus.events(events).await {
        *times.entry(event["detail"]["metadata"]["eventId"].to_string()).or_insert(0) += 1;
    }
    times.into_values().collect()
}

#[tokio::test]
async fn an_entry_that_the_bus_refused_is_sent_again_on_its_own() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::Partial).on("PutEvents").times(1));
    let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    assert_eq!(told(&shop, 3).await, [1, 1, 1]);
    assert_eq!(faults.calls("SendMessage"), 0);
}

#[tokio::test]
async fn entries_whose_answer_is_lost_are_told_twice_as_the_same_events() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("PutEvents").times(1));
    let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    assert_eq!(told(&shop, 6).await, [2, 2, 2]);
}

#[tokio::test]
async fn records_that_the_bus_refuses_are_published_from_the_retry_queue() {
    for fault in [Fault::Refuse, Fault::Throttle, Fault::ServerError] {
        let (shop, faults) = faulty_shop().await;
        faults.add(Rule::new(fault).on("PutEvents"));
        let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
        assert_eq!(response.failed().count(), 0, "the stream moves on");
        faults.clear();
        let mut messages = Vec::new();
        while messages.len() < 3 {
            let receive = shop.sqs.receive_message().queue_url(&shop.retries).max_number_of_messages(10);
            messages.extend(receive.wait_time_seconds(1).send().await.unwrap().messages.unwrap_or_default());
        }
        let records: Vec<_> = messages
            .iter()
            .map(|message| json!({ "messageId": message.message_id(), "body": message.body(), "eventSource": "aws:sqs" }))
            .collect();
        let response = shop.outbox.invoke(batch(&json!({ "Records": records })), None).await.unwrap();
        assert_eq!(response.failed().count(), 0);
        assert_eq!(told(&shop, 3).await, [1, 1, 1], "{fault:?}");
    }
}

#[tokio::test]
async fn the_stream_waits_while_neither_bus_nor_retry_queue_answers() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::Refuse));
    assert_eq!(shop.outbox.invoke(batch(&sample()), None).await.unwrap_err(), RetryBatch);
    faults.clear();
    shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(told(&shop, 3).await, [1, 1, 1]);
}
