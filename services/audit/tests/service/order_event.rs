use serde_json::{Value, json};
use testkit::faults::{Fault, Rule};

use crate::{ORDER, PLACED, archive, changed, order_event};

const EVENTS: [&str; 7] = [
    "OrderPlaced",
    "OrderStockReserved",
    "OrderPaid",
    "OrderShipped",
    "OrderDelivered",
    "OrderRejected",
    "OrderCancelled",
];

#[tokio::test]
async fn the_sample_event_is_written_down_without_whose_order_it_is() {
    let archive = archive().await;
    let sample = serde_json::from_str::<Value>(PLACED).unwrap();
    assert!(archive.deliver(sample["Records"].as_array().unwrap()).await.is_empty());
    assert_eq!(
        archive.entries().await,
        json!([{
            "orderId": ORDER,
            "eventId": "0f1e2d3c-0000-5000-8000-000000000044",
            "type": "OrderPlaced",
            "version": 1,
            "occurredAt": "2026-01-31T12:01:00.000Z",
            "units": [
                { "productId": "019c1430-4400-7000-8000-000000000001", "quantity": 2 },
                { "productId": "019c1430-4400-7000-8000-000000000002", "quantity": 1 },
            ],
            "totalPrice": 2770.8,
            "currency": "USD",
        }])
    );
    let row = format!("{:?}", archive.rows().await);
    for personal in
        ["swn", "userName", "customerId", &testkit::customer_id("swn"), "sample-", "orrelation", "expiresAt"]
    {
        assert!(!row.contains(personal), "{personal} in {row}");
    }
}

#[tokio::test]
async fn events_stand_in_the_order_in_which_they_happened_once_in_whatever_order_and_however_often_they_come()
{
    let archive = archive().await;
    let facts: Vec<_> =
        EVENTS.into_iter().zip(1..).map(|(name, minutes)| order_event(name, minutes)).collect();
    let backwards: Vec<_> = facts.iter().rev().cloned().collect();
    for batch in [&backwards, &facts, &backwards] {
        assert_eq!(archive.deliver(batch).await, Vec::<String>::new());
        let entries = archive.entries().await;
        let names: Vec<_> = entries.as_array().unwrap().iter().map(|entry| &entry["type"]).collect();
        assert_eq!(names, EVENTS);
        assert_eq!(
            (&entries[5]["reason"], &entries[6]["reason"]),
            (&json!("OUT_OF_STOCK"), &json!("CUSTOMER_REQUEST"))
        );
    }
}

#[tokio::test]
async fn audit_entries_never_change() {
    let archive = archive().await;
    assert!(archive.deliver(&[order_event("OrderRejected", 1)]).await.is_empty());
    let rows = archive.rows().await;
    let other = changed("other", |envelope| {
        let rejected: Value =
            serde_json::from_str(order_event("OrderRejected", 1)["body"].as_str().unwrap()).unwrap();
        *envelope = rejected;
        envelope["detail"]["data"]["reason"] = json!("PAYMENT_DECLINED");
    });
    assert!(archive.deliver(&[other]).await.is_empty());
    assert_eq!(archive.rows().await, rows);
}

#[tokio::test]
async fn unknown_fields_of_an_event_are_not_kept() {
    let archive = archive().await;
    let newer = changed("newer", |envelope| {
        envelope["detail"]["metadata"]["version"] = json!(2);
        envelope["detail"]["metadata"]["causationId"] = json!("0f1e2d3c-0000-5000-8000-000000000001");
        envelope["detail"]["data"]["deliverTo"] = json!("Grace Hopper");
        envelope["detail"]["data"]["customerId"] = json!("00000000-0000-0000-0000-000000000000");
        envelope["detail"]["data"]["userName"] = json!("erased");
    });
    assert!(archive.deliver(&[newer]).await.is_empty());
    let entry = archive.entries().await[0].clone();
    assert_eq!(
        (&entry["version"], &entry["causationId"]),
        (&json!(2), &json!("0f1e2d3c-0000-5000-8000-000000000001"))
    );
    assert!(!format!("{:?}", archive.rows().await).contains("Grace"));
}

#[tokio::test]
async fn unreadable_events_are_never_acknowledged_and_others_do_not_wait() {
    let archive = archive().await;
    let messages = [
        json!({ "messageId": "poison", "body": "{" }),
        changed("other", |envelope| envelope["detail-type"] = json!("OrderCancellationRequested")),
        changed("no-money", |envelope| envelope["detail"]["data"]["totalPrice"] = json!(0.001)),
        order_event("OrderPaid", 1),
    ];
    assert_eq!(archive.deliver(&messages).await, ["poison", "other", "no-money"]);
    assert_eq!(archive.rows().await.len(), 1);
}

#[tokio::test]
async fn an_event_that_cannot_be_written_down_comes_again() {
    let archive = archive().await;
    archive.faults.add(Rule::new(Fault::ServerError).on("PutItem"));
    assert_eq!(archive.deliver(&[order_event("OrderPaid", 1)]).await, ["OrderPaid"]);
    archive.faults.clear();
    archive.faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(1));
    assert!(archive.deliver(&[order_event("OrderPaid", 1)]).await.is_empty());
    assert_eq!(archive.rows().await.len(), 1);
}
