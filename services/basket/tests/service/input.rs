//! What bad input gets: the right refusal, every field named, and nothing changed.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop;

const CARD: &str = "4242 4242 4242 4242";

#[tokio::test]
async fn unknown_products_are_named_one_by_one() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    let unknown = Uuid::now_v7();
    let basket = json!({ "userName": "swn", "items": [
        { "productId": unknown, "quantity": 1 },
        { "productId": phone, "quantity": 1 },
        { "productId": unknown, "quantity": 1 },
    ] });
    let refused = shop.client.post("/basket", basket).await.expect(422);
    assert_eq!(refused.fields_at_fault(), ["items[0].productId", "items[2].productId"]);
    let refused = shop.client.post("/basket/swn/items", json!({ "productId": unknown, "quantity": 1 })).await;
    assert_eq!(refused.expect(422).fields_at_fault(), ["productId"]);
    assert_eq!(shop.rows("BASKET_TABLE").await, 0);
}

#[tokio::test]
async fn quantities_are_whole_numbers_from_1_to_99() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for bad in [json!(0), json!(-1), json!(100), json!(1.5), json!(1e30), json!("2"), json!(null), json!([1])]
    {
        let basket = json!({ "userName": "swn", "items": [{ "productId": phone, "quantity": bad }] });
        let refused = shop.client.post("/basket", basket).await.expect(422);
        assert_eq!(refused.fields_at_fault(), ["items[0].quantity"], "{bad}");
        let item = json!({ "productId": phone, "quantity": bad });
        let refused = shop.client.post("/basket/swn/items", item).await.expect(422);
        assert_eq!(refused.fields_at_fault(), ["quantity"], "{bad}");
    }
    assert_eq!(shop.rows("BASKET_TABLE").await, 0);
}

#[tokio::test]
async fn a_line_holds_99_pieces_and_a_basket_100_lines() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    shop.client.post("/basket/swn/items", json!({ "productId": phone, "quantity": 99 })).await.expect(200);
    let refused = shop.client.post("/basket/swn/items", json!({ "productId": phone, "quantity": 1 })).await;
    assert_eq!(refused.expect(422).fields_at_fault(), ["quantity"]);

    let line =
        |number: usize| json!({ "productId": phone, "color": format!("shade {number}"), "quantity": 1 });
    let full = json!({ "userName": "swn", "items": (0..100).map(line).collect::<Vec<_>>() });
    shop.client.post("/basket", full).await.expect(200);
    shop.client.post("/basket/swn/items", line(100)).await.expect(422);
    let over = json!({ "userName": "swn", "items": (0..101).map(line).collect::<Vec<_>>() });
    assert_eq!(shop.client.post("/basket", over).await.expect(422).fields_at_fault(), ["items"]);
    assert_eq!(shop.client.get("/basket/swn").await.body["items"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn bad_names_and_bodies_are_refused() {
    let shop = shop().await;
    for (body, fields) in [
        (json!({}), &["userName", "items"][..]),
        (json!({ "userName": "", "items": {} }), &["userName", "items"]),
        (json!({ "userName": "a b", "items": [7] }), &["userName", "items[0]"]),
        (
            json!({ "userName": "x".repeat(10_000), "items": [{}] }),
            &["userName", "items[0].productId", "items[0].quantity"],
        ),
    ] {
        assert_eq!(shop.client.post("/basket", body).await.expect(422).fields_at_fault(), fields);
    }
    for path in ["/basket/a%20b", "/basket/%00"] {
        assert_eq!(shop.client.get(path).await.expect(422).fields_at_fault(), ["userName"]);
    }
    for body in ["", "[]", "{", "7"] {
        shop.client.post("/basket", body).await.expect(400);
        shop.client.post("/basket/swn/items", body).await.expect(400);
        shop.client.post("/basket/checkout", body).await.expect(400);
    }
    shop.client.post("/basket/checkout", "x".repeat(1 << 20)).await.expect(413);
}

#[tokio::test]
async fn a_checkout_names_every_field_at_fault() {
    let shop = shop().await;
    let refused = shop.client.post("/basket/checkout", "{}").await.expect(422);
    let fields = ["userName", "firstName", "lastName", "email", "address", "paymentMethod"];
    assert_eq!(refused.fields_at_fault(), fields);
    let wrong = json!({
        "userName": 1, "firstName": "", "lastName": "\u{7}", "email": "nobody", "address": " ",
        "paymentMethod": 1, "paymentToken": {}, "expectedTotal": "much",
    });
    let refused = shop.client.post("/basket/checkout", wrong).await.expect(422);
    assert_eq!(refused.fields_at_fault(), [&fields[..], &["paymentToken", "expectedTotal"]].concat());
}

#[tokio::test]
async fn a_customer_may_be_called_like_a_card() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    let (user, item) = ("shopper-1795239283124", json!({ "productId": phone, "quantity": 1 }));
    shop.client.post(&format!("/basket/{user}/items"), item).await.expect(200);
    let mut order = crate::checkout::order();
    order["userName"] = json!(user);
    shop.client.post("/basket/checkout", order).await.expect(202);
}

#[tokio::test]
async fn card_data_is_refused_wherever_it_stands_and_kept_nowhere() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    shop.client.post("/basket/swn/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
    let good = json!({
        "userName": "swn", "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com",
        "address": "1 Harbour Street", "paymentMethod": "CARD",
    });
    for (field, value) in [
        ("cardInfo", json!("anything")),
        ("cvv", json!(123)),
        ("CARD-NUMBER", json!("anything")),
        ("security_code", json!(123)),
        (CARD, json!(true)),
        ("note", json!(4_242_424_242_424_242.0)),
        ("paymentToken", json!(CARD)),
        ("address", json!(format!("{CARD}, 1 Harbour Street"))),
        ("note", json!({ "deep": [CARD] })),
        ("note", json!(4_242_424_242_424_242_u64)),
    ] {
        let mut body: Value = good.clone();
        body[field] = value;
        let refused = shop.client.post("/basket/checkout", &body).await.expect(422);
        assert_eq!(refused.fields_at_fault(), [field]);
        let told = refused.body["errors"][0]["detail"].to_string();
        assert!(!told.contains("4242"), "a refusal does not repeat the number");
    }
    assert_eq!(shop.rows("CHECKOUT_TABLE").await, 0);
    shop.client.post("/basket/checkout", good).await.expect(202);
}

#[tokio::test]
async fn an_idempotency_key_is_visible_text() {
    let shop = shop().await;
    for bad in ["", "two words", &"x".repeat(256)] {
        let refused = shop.client.send("POST", "/basket/checkout", &[("idempotency-key", bad)], "{}").await;
        assert_eq!(refused.expect(400).body["type"], "urn:problem-type:bad-request");
    }
}

#[tokio::test]
async fn values_are_what_they_mean() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for item in [
        format!(r#"{{"productId": "{phone}", "quantity": 1}}"#),
        format!(r#"{{"productId": "{}", "quantity": 2.0, "color": ""}}"#, phone.to_uppercase()),
        format!(r#"{{"productId": "{phone}", "quantity": 3e0, "color": null}}"#),
    ] {
        shop.client.post("/basket/swn/items", item).await.expect(200);
    }
    let basket = shop.client.get("/basket/swn").await.expect(200).body;
    let items = basket["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["quantity"]), (1, &json!(6)), "{basket}");
    assert!(items[0].get("color").is_none());
    let line = format!("/basket/swn/items/{}", items[0]["itemId"].as_str().unwrap().to_uppercase());
    shop.client.send("PATCH", &line, &[], r#"{"quantity": 40e-1}"#).await.expect(200);
    shop.client.send("PATCH", &line, &[], r#"{"quantity": 4.5}"#).await.expect(422);
    shop.client.send("DELETE", &line, &[], "").await.expect(204);
}
