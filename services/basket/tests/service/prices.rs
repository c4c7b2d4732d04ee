use serde_json::{Value, json};
use uuid::Uuid;

use crate::{message, shop, snapshot};

#[tokio::test]
async fn events_in_any_order_leave_the_latest_price() {
    let shop = shop().await;
    let id = Uuid::now_v7().to_string();
    let versions = [
        ("ProductUpdated", "90", 3),
        ("ProductCreated", "70", 1),
        ("ProductUpdated", "80", 2),
        ("ProductUpdated", "90", 3),
    ];
    for (detail_type, price, version) in versions {
        shop.handle(detail_type, &snapshot(&id, "IPhone X", price, version)).await;
    }
    let item = json!({ "productId": id, "quantity": 1 });
    let basket = shop.client.post("/basket/swn/items", item).await.expect(200).body;
    assert_eq!(basket["subtotal"].to_string(), "90.0");
}

#[tokio::test]
async fn a_late_event_does_not_bring_a_deleted_product_back() {
    let shop = shop().await;
    let id = Uuid::now_v7().to_string();
    shop.handle("ProductDeleted", &format!(r#"{{"productId": "{id}", "version": 3}}"#)).await;
    shop.handle("ProductUpdated", &snapshot(&id, "IPhone X", "80", 2)).await;
    shop.client.post("/basket/swn/items", json!({ "productId": id, "quantity": 1 })).await.expect(422);
}

#[tokio::test]
async fn one_message_that_cannot_be_read_does_not_hold_up_nine() {
    let shop = shop().await;
    let ids: Vec<_> = (0..9).map(|_| Uuid::now_v7().to_string()).collect();
    let mut messages: Vec<Value> =
        ids.iter().map(|id| message(id, "ProductCreated", &snapshot(id, "IPhone X", "80", 1))).collect();
    messages.insert(4, json!({ "messageId": "poison", "body": "not an event" }));
    let failed = shop.deliver(&messages.iter().collect::<Vec<_>>()).await;
    assert_eq!(failed, ["poison"]);
    assert_eq!(shop.rows("PRICE_TABLE").await, 9);
}

#[tokio::test]
async fn unknown_product_events_are_never_acknowledged() {
    let shop = shop().await;
    let id = Uuid::now_v7().to_string();
    let bad_price = snapshot(&id, "IPhone X", "\"80\"", 1);
    let too_fine = snapshot(&id, "IPhone X", "0.001", 1);
    let messages = [
        json!({ "messageId": "empty", "body": "" }),
        json!({ "messageId": "missing" }),
        message("unknown", "ProductPainted", "{}"),
        message("bad-price", "ProductCreated", &bad_price),
        message("too-fine", "ProductCreated", &too_fine),
        message("no-product", "ProductUpdated", "{}"),
    ];
    let failed = shop.deliver(&messages.iter().collect::<Vec<_>>()).await;
    assert_eq!(failed, ["empty", "missing", "unknown", "bad-price", "too-fine", "no-product"]);
    assert_eq!(shop.rows("PRICE_TABLE").await, 0);
}

#[tokio::test]
async fn the_sample_batch_leaves_one_product_on_sale() {
    let shop = shop().await;
    let sample: Value = serde_json::from_str(include_str!("../../events/basket-on-product.json")).unwrap();
    let records: Vec<&Value> = sample["Records"].as_array().unwrap().iter().collect();
    assert!(shop.deliver(&records).await.is_empty());
    for (product, status) in [("1", 200), ("2", 422)] {
        let item =
            json!({ "productId": format!("019c1430-4400-7000-8000-00000000000{product}"), "quantity": 1 });
        shop.client.post("/basket/swn/items", item).await.expect(status);
    }
}

#[tokio::test]
async fn older_and_newer_versions_of_the_events_are_understood() {
    for version in [0, 2] {
        let shop = shop().await;
        let id = Uuid::now_v7().to_string();
        let older_or_newer = |detail_type: &str, data: &str| {
            let mut message = message("m", detail_type, data);
            let mut envelope: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
            envelope["detail"]["metadata"]["version"] = json!(version);
            if version == 2 {
                envelope["detail"]["metadata"]["region"] = json!("eu");
                envelope["detail"]["data"]["reason"] = json!("spring sale");
                envelope["detail"]["data"]["product"]["weight"] = json!(0.3);
            }
            message["body"] = json!(envelope.to_string());
            message
        };
        for (detail_type, data, status) in [
            ("ProductCreated", snapshot(&id, "IPhone X", "80", 1), 200),
            ("ProductUpdated", snapshot(&id, "IPhone X", "90", 2), 200),
            ("ProductDeleted", format!(r#"{{"productId": "{id}", "version": 3}}"#), 422),
        ] {
            assert!(shop.deliver(&[&older_or_newer(detail_type, &data)]).await.is_empty(), "{detail_type}");
            let item = json!({ "productId": id, "quantity": 1 });
            shop.client.post("/basket/swn/items", item).await.expect(status);
        }
    }
}
