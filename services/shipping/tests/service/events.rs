//! Events published for each shipment.

use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, Quarantine};
use serde_json::{Value, json};
use shipping::outbox::translate;
use testkit::{Account, Bus};

use crate::{CALL_OFF, DISPATCH, Depot, ORDER, SHIP, depot, ship_to};

const SAMPLE: &str = include_str!("../../events/shipping-publisher.json");

async fn outbox(account: &Account) -> (Bus, Outbox) {
    let (bus, failures, aws) = (account.bus().await, account.queue("failures").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let quarantine = Quarantine::new(aws.sqs(), failures, "shipping-publisher".to_owned());
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

/// A change of the sample's row, as a stream record.
async fn record(depot: &Depot, name: &str) -> Value {
    let image = serde_dynamo::from_item::<_, Value>(depot.row().await.unwrap()).unwrap();
    let image: serde_dynamo::Item = serde_dynamo::to_item(image).unwrap();
    let mut sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut record = sample["Records"][0].take();
    record["eventName"] = json!(name);
    record["dynamodb"]["NewImage"] = json!(image);
    json!({ "Records": [record] })
}

#[tokio::test]
async fn each_state_of_a_shipment_is_told_and_nothing_of_its_recipient() {
    let (bus, outbox) = outbox(&Account::new()).await;
    publish(&outbox, &serde_json::from_str(SAMPLE).unwrap()).await;
    let events = bus.events(3).await;
    let types: Vec<_> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    for fact in ["ShipmentCreated", "ShipmentDispatched", "ShipmentDelivered"] {
        assert!(types.contains(&fact), "{types:?}");
    }
    for event in &events {
        assert_eq!(event["source"], "shop.shipping");
        assert_eq!(event["detail"]["data"], json!({ "orderId": ORDER }));
        assert_eq!(event["detail"]["metadata"]["correlationId"], "sample-31");
    }
    let left = events.iter().find(|event| event["detail-type"] == "ShipmentDispatched").unwrap();
    assert_eq!(left["detail"]["metadata"]["occurredAt"], "2026-01-31T12:03:00.000Z");
}

#[tokio::test]
async fn a_record_that_comes_again_tells_the_same_event() {
    let (bus, outbox) = outbox(&Account::new()).await;
    publish(&outbox, &serde_json::from_str(SAMPLE).unwrap()).await;
    publish(&outbox, &second()).await;
    let events = bus.events(4).await;
    let mut dispatched = events.iter().filter(|event| event["detail-type"] == "ShipmentDispatched");
    assert_eq!(dispatched.next().unwrap()["detail"], dispatched.next().unwrap()["detail"]);
}

#[tokio::test]
async fn stock_changes_are_published_as_stored() {
    let mut ids = Vec::new();
    for (command, then, fact) in [
        (SHIP.to_owned(), None, "ShipmentCreated"),
        (ship_to("Nowhere"), None, "ShipmentRefused"),
        (SHIP.to_owned(), Some(DISPATCH), "ShipmentDispatched"),
        (CALL_OFF.to_owned(), None, "ShipmentCancelled"),
    ] {
        let depot = depot().await;
        assert!(depot.ask(&command).await);
        if let Some(reminder) = then {
            assert!(depot.remind(reminder).await);
        }
        let (bus, outbox) = outbox(&depot.account).await;
        publish(&outbox, &record(&depot, "MODIFY").await).await;
        let event = bus.events(1).await.remove(0);
        assert_eq!(event["detail-type"], fact);
        ids.push(event["detail"]["metadata"]["eventId"].to_string());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each fact is an event of its own");
}

#[tokio::test]
async fn a_command_for_a_cancelled_parcel_publishes_the_same_event_again() {
    let depot = depot().await;
    let (bus, outbox) = outbox(&depot.account).await;
    assert!(depot.ask(CALL_OFF).await);
    publish(&outbox, &record(&depot, "INSERT").await).await;
    assert!(depot.ask(SHIP).await);
    publish(&outbox, &record(&depot, "MODIFY").await).await;
    let events = bus.events(2).await;
    assert_eq!(events[0]["detail-type"], "ShipmentCancelled");
    assert_eq!(events[0]["detail"], events[1]["detail"]);
}

#[tokio::test]
async fn a_shipment_that_is_forgotten_is_no_news() {
    let depot = depot().await;
    let (bus, outbox) = outbox(&depot.account).await;
    let mut removed: Value = serde_json::from_str(SAMPLE).unwrap();
    removed["Records"][0]["eventName"] = json!("REMOVE");
    removed["Records"][0]["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    removed["Records"].as_array_mut().unwrap().truncate(2);
    publish(&outbox, &removed).await;
    assert_eq!(bus.events(1).await[0]["detail-type"], "ShipmentDispatched");
}
