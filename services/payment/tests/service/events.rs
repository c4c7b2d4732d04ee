//! Events published for each payment.

use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, Quarantine};
use payment::outbox::translate;
use serde_json::{Value, json};
use testkit::{Account, Bus};

use crate::{CHARGE, ORDER, REFUND, TABLE, Till, charge_by, till};

const SAMPLE: &str = include_str!("../../events/payment-publisher.json");

async fn outbox(account: &Account) -> (Bus, Outbox) {
    let (bus, failures, aws) = (account.bus().await, account.queue("failures").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let quarantine = Quarantine::new(aws.sqs(), failures, "payment-publisher".to_owned());
    (bus, Outbox::new(publisher, quarantine, translate))
}

/// The second record of the sample, alone.
fn second() -> Value {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    json!({ "Records": [sample["Records"][1]] })
}

async fn publish(outbox: &Outbox, batch: &Value) {
    let batch: Batch = serde_json::from_value(batch.clone()).unwrap();
    assert_eq!(outbox.invoke(batch, None).await.unwrap().failed().count(), 0);
}

/// The till's row as a new stream record.
async fn record(till: &Till) -> Value {
    let row: Value = till.rows(TABLE).await.remove(0);
    let image: serde_dynamo::Item = serde_dynamo::to_item(row).unwrap();
    let mut sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut record = sample["Records"][0].take();
    record["dynamodb"]["NewImage"] = json!(image);
    json!({ "Records": [record] })
}

/// The only event published for a new row.
async fn published_event(till: &Till) -> Value {
    let (bus, outbox) = outbox(&Account::new()).await;
    publish(&outbox, &record(till).await).await;
    bus.events(1).await.remove(0)
}

#[tokio::test]
async fn a_payment_is_told_when_it_settles_and_when_it_has_gone_back() {
    let (bus, outbox) = outbox(&Account::new()).await;
    publish(&outbox, &serde_json::from_str(SAMPLE).unwrap()).await;
    let events = bus.events(2).await;
    assert_eq!(events.len(), 2, "neither intent is published");
    let of = |kind: &str| events.iter().find(|event| event["detail-type"] == kind).unwrap();
    let settled = of("PaymentSettled");
    assert_eq!(settled["source"], "shop.payment");
    assert_eq!(settled["detail"]["data"]["orderId"], ORDER);
    assert_eq!(settled["detail"]["data"]["amount"].to_string(), "19.9");
    assert_eq!(settled["detail"]["metadata"]["correlationId"], "sample-41");
    assert_eq!(settled["detail"]["metadata"]["occurredAt"], "2026-01-31T12:02:01.000Z");
    assert_eq!(of("PaymentRefunded")["detail"]["data"]["currency"], "USD");
}

#[tokio::test]
async fn a_record_that_comes_again_tells_the_same_event() {
    let (bus, outbox) = outbox(&Account::new()).await;
    publish(&outbox, &second()).await;
    publish(&outbox, &second()).await;
    let events = bus.events(2).await;
    assert_eq!(events[0]["detail"], events[1]["detail"]);
}

#[tokio::test]
async fn changes_that_keep_the_state_are_not_published() {
    let (bus, outbox) = outbox(&Account::new()).await;
    let mut sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut record = sample["Records"][1].take();
    record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"].clone();
    record["dynamodb"]["NewImage"]["processedWebhooks"] = json!({ "M": { "evt_1": { "N": "1769947320" } } });
    publish(&outbox, &json!({ "Records": [record] })).await;
    publish(&outbox, &second()).await;
    let events = bus.events(1).await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn a_repeated_refund_command_publishes_the_same_event_again() {
    let till = till().await;
    for command in [CHARGE, REFUND] {
        assert!(till.ask(command).await);
    }
    let image = async || {
        let image: serde_dynamo::Item = serde_dynamo::to_item(till.rows(TABLE).await.remove(0)).unwrap();
        json!(image)
    };
    let first = image().await;
    assert!(till.ask(REFUND).await);
    let mut record = record(&till).await;
    record["Records"][0]["eventName"] = json!("MODIFY");
    record["Records"][0]["dynamodb"]["OldImage"] = first.clone();
    record["Records"][0]["dynamodb"]["NewImage"] = image().await;
    let (bus, outbox) = outbox(&Account::new()).await;
    publish(&outbox, &record).await;
    let again = bus.events(1).await.remove(0);
    record["Records"][0]["eventName"] = json!("INSERT");
    record["Records"][0]["dynamodb"]["NewImage"] = first;
    publish(&outbox, &record).await;
    let events = bus.events(2).await;
    assert!(events.iter().all(|event| event["detail-type"] == "PaymentRefunded"), "{events:?}");
    assert!(events.iter().all(|event| event["detail"] == again["detail"]), "{events:?}");
}

#[tokio::test]
async fn a_decline_is_told_with_its_reason() {
    let till = till().await;
    assert!(till.ask(&charge_by("CARD", None)).await);
    let event = published_event(&till).await;
    assert_eq!(event["detail-type"], "PaymentDeclined");
    assert_eq!(event["detail"]["data"], json!({ "orderId": ORDER, "reason": "UNKNOWN_TOKEN" }));
}

#[tokio::test]
async fn refunds_of_unknown_payments_are_published_as_zero() {
    let till = till().await;
    assert!(till.ask(REFUND).await);
    let event = published_event(&till).await;
    assert_eq!(event["detail-type"], "PaymentRefunded");
    assert_eq!(event["detail"]["data"], json!({ "orderId": ORDER, "amount": 0 }));
}

#[tokio::test]
async fn partial_refunds_are_told_as_such_and_the_last_one_as_a_refund() {
    let (bus, outbox) = outbox(&Account::new()).await;
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    assert!(till.send_webhook().await);
    let image = async || {
        let image: serde_dynamo::Item = serde_dynamo::to_item(till.rows(TABLE).await.remove(0)).unwrap();
        json!(image)
    };
    let mut record = record(&till).await;
    record["Records"][0]["eventName"] = json!("MODIFY");
    for (key, amount) in [("first", 100), ("second", 400), ("third", 1490)] {
        record["Records"][0]["dynamodb"]["OldImage"] = image().await;
        till.refund_part(key, amount).await;
        assert!(till.send_webhook().await);
        record["Records"][0]["dynamodb"]["NewImage"] = image().await;
        // A redelivered record is published with the same event id.
        publish(&outbox, &record).await;
        publish(&outbox, &record).await;
    }
    let mut published = bus.events(6).await;
    published.sort_by_key(|event| event["detail"]["metadata"]["occurredAt"].as_str().unwrap().to_owned());
    for (pair, (kind, amount)) in published.chunks(2).zip([
        ("PaymentPartiallyRefunded", "1"),
        ("PaymentPartiallyRefunded", "5"),
        ("PaymentRefunded", "19.9"),
    ]) {
        assert_eq!(pair[0]["detail"], pair[1]["detail"]);
        let (data, told_kind) = (&pair[0]["detail"]["data"], &pair[0]["detail-type"]);
        assert_eq!((told_kind.as_str().unwrap(), &*amount_of(data)), (kind, amount));
        if kind == "PaymentPartiallyRefunded" {
            assert_eq!((data["charged"].to_string().as_str(), &data["currency"]), ("19.9", &json!("USD")));
        }
    }
}

/// An amount without insignificant decimals.
fn amount_of(data: &Value) -> String {
    let amount = data["amount"].to_string();
    amount.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[tokio::test]
async fn an_open_charge_that_is_partly_refunded_is_told_as_settled_and_as_refunded_in_part() {
    let (bus, outbox) = outbox(&Account::new()).await;
    let till = till().await;
    assert!(till.ask(&charge_by("CARD", Some("tok_delayed"))).await);
    let mut record = record(&till).await;
    let new = record["Records"][0]["dynamodb"]["NewImage"].take();
    // The provider reports the refund first.
    let webhook = crate::webhook::refunded(&till, 100).await;
    crate::webhook::send_as_provider(&till, "msg_1", &webhook.to_string()).await.expect(200);
    let image: serde_dynamo::Item = serde_dynamo::to_item(till.rows(TABLE).await.remove(0)).unwrap();
    record["Records"][0]["eventName"] = json!("MODIFY");
    record["Records"][0]["dynamodb"]["OldImage"] = new;
    record["Records"][0]["dynamodb"]["NewImage"] = json!(image);
    publish(&outbox, &record).await;
    let events = bus.events(2).await;
    let mut kinds: Vec<_> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["PaymentPartiallyRefunded", "PaymentSettled"]);
}

#[tokio::test]
async fn an_amount_is_told_in_full() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    assert!(till.ask(REFUND).await);
    let event = published_event(&till).await;
    assert_eq!(event["detail-type"], "PaymentRefunded");
    assert_eq!(event["detail"]["data"]["amount"].to_string(), "19.9");
}
