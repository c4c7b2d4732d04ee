use futures::future::join_all;
use serde_json::{Value, json};
use testkit::Answer;

use crate::{Warehouse, id, warehouse};

async fn receive(shop: &Warehouse, product: &str, key: &str, body: impl ToString) -> Answer {
    let headers = [("idempotency-key", key)];
    let headers = if key.is_empty() { &headers[..0] } else { &headers[..] };
    shop.client.send("POST", &format!("/stock/{product}/receipts"), headers, body).await
}

#[tokio::test]
async fn received_units_are_on_hand() {
    let (shop, lamp) = (warehouse().await, id());
    shop.client.get(&format!("/stock/{lamp}")).await.expect(404);
    let stock = receive(&shop, &lamp, "delivery-1", r#"{"quantity": 12}"#).await.expect(201).body;
    assert_eq!(stock["productId"], json!(lamp));
    assert_eq!(shop.counts(&lamp).await, [12, 0, 12, 0]);
    assert_eq!(shop.client.get(&format!("/stock/{lamp}")).await.expect(200).body, stock);
    receive(&shop, &lamp, "delivery-2", r#"{"quantity": 1000000}"#).await.expect(201);
    assert_eq!(shop.counts(&lamp).await, [1_000_012, 0, 1_000_012, 0]);
}

#[tokio::test]
async fn a_delivery_is_counted_once_however_often_it_is_told() {
    let (shop, lamp, chair) = (warehouse().await, id(), id());
    let copies = (0..20).map(|_| receive(&shop, &lamp, "delivery-1", r#"{"quantity": 12}"#));
    for answer in join_all(copies).await {
        assert_eq!(answer.expect(201).body["received"], 12);
    }
    assert_eq!(shop.counts(&lamp).await, [12, 0, 12, 0]);
    // The same key for another product is a different delivery.
    receive(&shop, &chair, "delivery-1", r#"{"quantity": 3}"#).await.expect(201);
    assert_eq!(shop.counts(&chair).await, [3, 0, 3, 0]);
}

#[tokio::test]
async fn a_key_belongs_to_one_number_of_units() {
    let (shop, lamp) = (warehouse().await, id());
    receive(&shop, &lamp, "delivery-1", r#"{"quantity": 12}"#).await.expect(201);
    let refused = receive(&shop, &lamp, "delivery-1", r#"{"quantity": 13}"#).await.expect(422);
    assert_eq!(refused.body["type"], "urn:problem-type:idempotency-key-reused");
    assert_eq!(shop.counts(&lamp).await, [12, 0, 12, 0]);
}

#[tokio::test]
async fn a_delivery_without_a_name_is_refused() {
    let (shop, lamp) = (warehouse().await, id());
    receive(&shop, &lamp, "", r#"{"quantity": 12}"#).await.expect(400);
    receive(&shop, &lamp, "two words", r#"{"quantity": 12}"#).await.expect(400);
    shop.client.get(&format!("/stock/{lamp}")).await.expect(404);
}

#[tokio::test]
async fn no_units_half_units_and_more_than_a_million_are_refused() {
    let (shop, lamp) = (warehouse().await, id());
    for quantity in [json!(0), json!(-1), json!(1.5), json!("12"), json!(1_000_001), json!(1e30), Value::Null]
    {
        let refused = receive(&shop, &lamp, "delivery-1", json!({ "quantity": quantity })).await.expect(422);
        assert_eq!(refused.fields_at_fault(), ["quantity"], "{quantity}");
    }
    receive(&shop, &lamp, "delivery-1", "12").await.expect(400);
    shop.client.get(&format!("/stock/{lamp}")).await.expect(404);
}

#[tokio::test]
async fn invalid_product_ids_are_not_found() {
    let shop = warehouse().await;
    for product in ["lamp", "%7B019c1430-4400-7000-8000-000000000001%7D", "019c143044007000800000000000000"] {
        receive(&shop, product, "delivery-1", r#"{"quantity": 12}"#).await.expect(404);
        shop.client.get(&format!("/stock/{product}")).await.expect(404);
    }
}

#[tokio::test]
async fn the_sample_event_is_answered_with_the_stock() {
    let shop = warehouse().await;
    shop.take_in("019c1430-4400-7000-8000-000000000001", 6).await;
    let answer = shop.client.invoke(include_str!("../../events/inventory-api.json")).await.expect(200);
    assert_eq!(answer.body["onHand"], 6);
}

#[tokio::test]
async fn values_are_what_they_mean() {
    let (shop, lamp) = (warehouse().await, id());
    for (product, key, body) in [
        (lamp.clone(), "delivery-1", r#"{"quantity": 12}"#),
        (lamp.to_uppercase(), "delivery-1", r#"{"quantity": 12.0}"#),
        (lamp.clone(), "\"delivery-1\"", r#"{"quantity": 1.2e1}"#),
        (lamp.clone(), "delivery-1", "\u{feff}{\"quantity\": 120e-1}"),
    ] {
        let stock = receive(&shop, &product, key, body).await.expect(201).body;
        assert_eq!((&stock["productId"], &stock["received"]), (&json!(lamp), &json!(12)), "{body}");
    }
    let stock = shop.client.get(&format!("/stock/{}", lamp.to_uppercase())).await.expect(200).body;
    assert_eq!(stock["received"], 12);
    for (key, body) in [("Delivery-1", r#"{"quantity": 1}"#), ("delivery-1\"", r#"{"quantity": 1}"#)] {
        receive(&shop, &lamp, key, body).await.expect(201);
    }
    assert_eq!(shop.counts(&lamp).await, [14, 0, 14, 0], "other keys");
}
