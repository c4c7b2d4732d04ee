use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::{SAMPLE, message, order, shop};

#[tokio::test]
async fn the_sample_event_becomes_an_order() {
    let shop = shop().await;
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    assert!(shop.deliver(sample["Records"].as_array().unwrap()).await.is_empty());
    let order = shop.client.get("/order/swn/019c1431-2e60-7000-8000-000000000001").await.expect(200).body;
    assert_eq!(order["status"], "PENDING");
    assert_eq!(order["totalPrice"].to_string(), "2770.8");
    assert_eq!(order["orderDate"], "2026-01-31T12:01:00.000Z");
    assert_eq!(order["items"][0]["lineTotal"].to_string(), "1900.8");
    assert_eq!(order["correlationId"], "sample-5");
    assert_eq!(order["email"], "name@example.com");
    assert!(order.get("paymentToken").is_none());
}

#[tokio::test]
async fn an_event_that_comes_again_changes_nothing() {
    let shop = shop().await;
    let twice = [order("swn", 1), order("swn", 1)];
    assert!(shop.deliver(&twice).await.is_empty());
    // Later changes of the order must not be lost.
    let row = shop.rows().await.remove(0);
    let mut touched = row;
    touched.insert("touched".to_owned(), AttributeValue::Bool(true));
    let put = shop.dynamodb.put_item().table_name("ORDER_TABLE").set_item(Some(touched.clone()));
    put.send().await.unwrap();
    assert!(shop.deliver(&twice).await.is_empty());
    assert_eq!(shop.rows().await, [touched]);
}

#[tokio::test]
async fn one_poison_message_does_not_hold_up_nine_orders() {
    let shop = shop().await;
    let mut messages: Vec<_> = (0..9).map(|number| order("swn", number)).collect();
    messages.insert(3, json!({ "messageId": "poison", "body": "{" }));
    assert_eq!(shop.deliver(&messages).await, ["poison"]);
    assert_eq!(shop.orders().await, 9);
}

#[tokio::test]
async fn unreadable_checkouts_are_never_acknowledged() {
    let shop = shop().await;
    let failed = shop
        .deliver(&[
            message("wrong-total", |data| data["totalPrice"] = json!(1820.40)),
            message("no-lines", |data| data["lines"] = json!([])),
            message("bad-quantity", |data| data["lines"][0]["quantity"] = json!(0)),
            message("no-money", |data| data["lines"][0]["price"] = json!(0.001)),
            message("no-user", |data| data["userName"] = json!("")),
            message("no-id", |data| data["customerId"] = json!("swn")),
            message("good", |_| {}),
        ])
        .await;
    assert_eq!(failed, ["wrong-total", "no-lines", "bad-quantity", "no-money", "no-user", "no-id"]);
    assert_eq!(shop.orders().await, 1);
}

#[tokio::test]
async fn an_older_and_a_newer_version_of_the_event_are_understood() {
    let shop = shop().await;
    let newer = message("newer", |data| {
        data["orderId"] = json!("019c1431-2e60-7000-8000-000000000002");
        data["giftWrap"] = json!(true);
        data["lines"][0]["engraving"] = json!("G.H.");
    });
    let newer = with_metadata(newer, |metadata| {
        metadata["version"] = json!(2);
        metadata["causationId"] = metadata["eventId"].clone();
        metadata["region"] = json!("eu");
    });
    // An event from before colours and tokens were added.
    let older = message("older", |data| {
        for line in data["lines"].as_array_mut().unwrap() {
            line.as_object_mut().unwrap().remove("color");
        }
        data["payment"].as_object_mut().unwrap().remove("token");
    });
    let older = with_metadata(older, |metadata| metadata["version"] = json!(0));
    assert!(shop.deliver(&[newer, older]).await.is_empty());
    assert_eq!(shop.orders().await, 2);
}

fn with_metadata(mut message: Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut envelope: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    change(&mut envelope["detail"]["metadata"]);
    message["body"] = json!(envelope.to_string());
    message
}
