//! The shipment as staff read it.

use serde_json::json;

use crate::{CALL_OFF, DISPATCH, ORDER, SHIP, depot};

#[tokio::test]
async fn staff_see_how_far_a_parcel_has_come_and_not_where_it_goes() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await && depot.remind(DISPATCH).await);
    let seen = depot.client.get(&format!("/shipment/{ORDER}")).await.expect(200).body;
    assert_eq!(seen["orderId"], ORDER);
    assert_eq!(seen["state"], "DISPATCHED");
    let units = json!([{ "productId": "019c1430-4400-7000-8000-000000000001", "quantity": 2 }]);
    assert_eq!(seen["units"], units);
    let history = seen["history"].as_array().unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[0]["state"], "CREATED");
    assert!(history[0]["at"].as_str().unwrap() <= history[1]["at"].as_str().unwrap());
    let shown: Vec<_> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(shown, ["history", "orderId", "state", "units"]);
}

#[tokio::test]
async fn the_address_is_not_shown_even_while_it_is_kept() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    let seen = depot.client.get(&format!("/shipment/{ORDER}")).await.expect(200).body;
    assert!(!seen.to_string().contains("Harbour"));
}

#[tokio::test]
async fn shipments_are_for_staff() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    let path = format!("/shipment/{ORDER}");
    depot.client.customer("grace").get(&path).await.expect(403);
    depot.client.nobody().get(&path).await.expect(401);
}

#[tokio::test]
async fn missing_and_erased_orders_are_not_found() {
    let depot = depot().await;
    for path in [format!("/shipment/{ORDER}"), "/shipment/none".to_owned()] {
        depot.client.get(&path).await.expect(404);
    }
    assert!(depot.ask(CALL_OFF).await);
    let stone = depot.client.get(&format!("/shipment/{ORDER}")).await.expect(200).body;
    assert_eq!((&stone["state"], &stone["units"]), (&json!("CANCELLED"), &json!([])));
    // DynamoDB removes expired items with a delay.
    let mut row = depot.row().await.unwrap();
    row.insert("expiresAt".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N("1".to_owned()));
    let put = depot.account.aws().dynamodb().put_item().table_name(crate::TABLE);
    put.set_item(Some(row)).send().await.unwrap();
    depot.client.get(&format!("/shipment/{ORDER}")).await.expect(404);
}

#[tokio::test]
async fn the_sample_event_is_answered() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    let answer = depot.client.invoke(include_str!("../../events/shipping-api.json")).await.expect(200);
    assert_eq!(answer.body["state"], "CREATED");
    assert_eq!(depot.shipments.get(ORDER.parse().unwrap()).await.unwrap().unwrap().history.len(), 1);
}
