use lambdakit::outbox::{Batch, Outbox, RetryQueue, StreamMustWait};
use lambdakit::publish::Publisher;
use product::change::translate;
use serde_json::{Value, json};
use testkit::{Account, Bus, eventually};

const SAMPLE: &str = include_str!("../../events/product-events.json");

struct Shop {
    bus: Bus,
    retries: String,
    sqs: aws_sdk_sqs::Client,
    outbox: Outbox,
}

async fn shop() -> Shop {
    let account = Account::new();
    let (bus, retries, aws) = (account.bus().await, account.queue("retries").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let outbox = Outbox::new(publisher, RetryQueue::new(aws.sqs(), retries.clone()), translate);
    Shop { bus, retries, sqs: aws.sqs(), outbox }
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

    // It comes from the retry queue again, and stays there for as long as it cannot be read.
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
    records["Records"][1] = json!({ "dynamodb": { "SequenceNumber": "77" }, "eventSource": "aws:dynamodb" });
    assert_eq!(outbox.invoke(batch(&records), None).await.unwrap_err(), StreamMustWait);
}
