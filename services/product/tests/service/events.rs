use std::time::Duration;

use lambdakit::aws::Aws;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, Quarantine, RetryBatch};
use product::change::translate;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Bus, Context, deadline_in, eventually};

const SAMPLE: &str = include_str!("../../events/product-publisher.json");

struct Shop {
    account: Account,
    bus: Bus,
    /// URL of the queue for quarantined records.
    failures: String,
    outbox: Outbox,
}

async fn shop() -> Shop {
    let account = Account::new();
    let aws = account.aws().clone();
    shop_of(account, &aws).await
}

/// The same, with a proxy between the function and AWS.
async fn faulty_shop() -> (Shop, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    let of_function = account.behind(&faults);
    (shop_of(account, of_function.aws()).await, faults)
}

async fn shop_of(account: Account, aws: &Aws) -> Shop {
    let (bus, failures) = (account.bus().await, account.queue("failures").await);
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let outbox = Outbox::new(publisher, quarantine(aws, &failures), translate);
    Shop { account, bus, failures, outbox }
}

fn quarantine(aws: &Aws, queue_url: &str) -> Quarantine {
    Quarantine::new(aws.sqs(), queue_url.to_owned(), "product-publisher".to_owned())
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
    let published = |detail_type: &str| {
        let event = events.iter().find(|event| event["detail-type"] == detail_type).unwrap();
        assert_eq!(event["source"], "shop.product");
        event["detail"].clone()
    };
    let created = published("ProductCreated");
    assert_eq!(created["metadata"]["correlationId"], "sample-1");
    assert_eq!(created["metadata"]["version"], 1);
    assert_eq!(created["data"]["product"]["price"].to_string(), "950.4");
    assert_eq!(created["data"]["product"]["version"], 1);

    let updated = published("ProductUpdated");
    assert_eq!(updated["metadata"]["occurredAt"], "2026-01-31T12:01:00.000Z");
    assert_eq!(updated["data"]["priceChange"], json!({ "from": 950.4, "to": 899.0 }));

    let deleted = published("ProductDeleted");
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
    let events = shop.bus.events(2).await;
    assert!(events.iter().all(|event| event["detail-type"] != "ProductUpdated"), "{events:?}");
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
async fn a_record_that_cannot_be_read_is_quarantined_and_its_neighbours_are_published() {
    let shop = shop().await;
    let mut records = sample();
    records["Records"][1]["dynamodb"]["NewImage"]["price"] = json!({ "S": "cheap" });
    let response = shop.outbox.invoke(batch(&records), None).await.unwrap();
    assert_eq!(response.failed().count(), 0, "the stream moves on");
    assert_eq!(shop.bus.events(2).await.len(), 2);

    // A redriven record is quarantined again, for as long as it cannot be read.
    let mut record = records["Records"][1].clone();
    for _ in 0..2 {
        let message = shop.account.message(&shop.failures).await;
        let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
        assert_eq!(body, record, "the record as it came");
        let attributes = message.message_attributes().unwrap();
        assert_eq!(attributes["function"].string_value(), Some("product-publisher"));
        let reason = attributes["reason"].string_value().unwrap();
        assert!(reason.contains("price") || reason.contains("map") || reason.contains("struct"), "{reason}");
        let again = json!({ "Records": [body, records["Records"][0]] });
        let response = shop.outbox.invoke(batch(&again), None).await.unwrap();
        assert_eq!(response.failed().count(), 0);
    }
    assert_eq!(shop.bus.events(4).await.len(), 4);

    // It is published once it can be.
    record["dynamodb"]["NewImage"]["price"] = sample()["Records"][1]["dynamodb"]["NewImage"]["price"].clone();
    let response = shop.outbox.invoke(batch(&json!({ "Records": [record] })), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    assert_eq!(shop.bus.events(5).await[4]["detail-type"], "ProductUpdated");
}

#[tokio::test]
async fn the_stream_waits_while_a_record_can_neither_be_published_nor_quarantined() {
    let account = Account::new();
    let (bus, aws) = (account.bus().await, account.aws());
    let nowhere = quarantine(aws, "http://127.0.0.1:9/000000000000/nowhere");
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
    assert_eq!(times_published(&shop, 2).await, [1, 1]);

    // No record of this batch is finished.
    let (shop, faults) = faulty_shop().await;
    faults.add(slow());
    let rest = json!({ "Records": [records["Records"][2], records["Records"][0]] });
    assert_eq!(shop.outbox.invoke(batch(&rest), Some(&soon())).await.unwrap_err(), RetryBatch);
}

#[tokio::test]
async fn at_the_deadline_only_the_records_of_the_unfinished_call_are_reported() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::Delay(Duration::from_secs(20))).on("PutEvents").times(1));
    let records: Vec<_> = (10..22)
        .map(|number| {
            let mut record = sample()["Records"][0].take();
            record["dynamodb"]["SequenceNumber"] = json!(number.to_string());
            record
        })
        .collect();
    // A call publishes ten events, and either call may be the slow one.
    let published = match shop.outbox.invoke(batch(&json!({ "Records": records })), Some(&soon())).await {
        Ok(response) => {
            assert_eq!(response.failed().collect::<Vec<_>>(), ["20", "21"]);
            10
        }
        Err(RetryBatch) => 2,
    };
    assert_eq!(shop.bus.events(published).await.len(), published);
}

#[tokio::test]
async fn a_record_on_its_own_is_published_like_any_other() {
    let shop = shop().await;
    let record = json!({ "Records": [sample()["Records"][0]] });
    let response = shop.outbox.invoke(batch(&record), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    assert_eq!(shop.bus.events(1).await[0]["detail-type"], "ProductCreated");
}

/// How often each event was published, of any type.
async fn times_published(shop: &Shop, events: usize) -> Vec<usize> {
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
    assert_eq!(times_published(&shop, 3).await, [1, 1, 1]);
    assert_eq!(faults.calls("SendMessage"), 0);
}

#[tokio::test]
async fn entries_whose_answer_is_lost_are_told_twice_as_the_same_events() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("PutEvents").times(1));
    let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    assert_eq!(times_published(&shop, 6).await, [2, 2, 2]);
}

#[tokio::test]
async fn records_that_the_bus_refuses_are_redelivered() {
    for fault in [Fault::Refuse, Fault::Throttle, Fault::ServerError] {
        let (shop, faults) = faulty_shop().await;
        faults.add(Rule::new(fault).on("PutEvents"));
        assert_eq!(shop.outbox.invoke(batch(&sample()), None).await.unwrap_err(), RetryBatch);
        assert_eq!(faults.calls("SendMessage"), 0, "a record that can be read is not quarantined");
        faults.clear();
        let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
        assert_eq!(response.failed().count(), 0);
        assert_eq!(times_published(&shop, 3).await, [1, 1, 1], "{fault:?}");
    }
}

#[tokio::test]
async fn records_behind_a_refused_one_are_published_again_as_the_same_events() {
    let (shop, faults) = faulty_shop().await;
    // The bus refuses the first record twice, and accepts some of the others.
    faults.add(Rule::new(Fault::Partial).on("PutEvents").times(2));
    assert_eq!(shop.outbox.invoke(batch(&sample()), None).await.unwrap_err(), RetryBatch);
    let response = shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    let times = eventually("each event", async || {
        let times = times_published(&shop, 3).await;
        (times.len() == 3).then_some(times)
    })
    .await;
    assert!(times.iter().all(|&times| times <= 2), "{times:?}");
}

#[tokio::test]
async fn the_stream_waits_while_neither_bus_nor_quarantine_answers() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::Refuse));
    let mut unreadable = sample();
    unreadable["Records"][0]["dynamodb"]["NewImage"]["price"] = json!({ "S": "cheap" });
    for records in [sample(), unreadable] {
        assert_eq!(shop.outbox.invoke(batch(&records), None).await.unwrap_err(), RetryBatch);
    }
    faults.clear();
    shop.outbox.invoke(batch(&sample()), None).await.unwrap();
    assert_eq!(times_published(&shop, 3).await, [1, 1, 1]);
}
