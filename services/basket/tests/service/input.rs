//! Invalid input is rejected with every field named, and changes nothing.

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
async fn a_line_holds_99_units_and_a_basket_100_lines() {
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
        assert_eq!(shop.staff.get(path).await.expect(422).fields_at_fault(), ["userName"]);
        shop.client.get(path).await.expect(404);
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
    let client = shop.client.customer(user);
    client.post(&format!("/basket/{user}/items"), item).await.expect(200);
    let mut order = crate::checkout::order();
    order["userName"] = json!(user);
    client.post("/basket/checkout", order).await.expect(202);
}

#[tokio::test]
async fn card_data_is_refused_wherever_it_stands_and_kept_nowhere() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    shop.client.post("/basket/swn/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
    for (field, value, at_fault) in [
        ("cardInfo", json!("anything"), "cardInfo"),
        ("cvv", json!(123), "cvv"),
        ("CARD-NUMBER", json!("anything"), "CARD-NUMBER"),
        ("security_code", json!(123), "security_code"),
        ("payment", json!({ "of": [{ "Card Number": null }] }), "payment.of[0].Card Number"),
        ("paymentToken", json!(CARD), "paymentToken"),
        ("firstName", json!("Visa4242424242424242"), "firstName"),
        ("lastName", json!("42424242 42424242"), "lastName"),
        ("email", json!("grace+4242424242424242@example.com"), "email"),
        ("address", json!(format!("{CARD}, 1 Harbour Street")), "address"),
        ("address", json!("n4242-4242-4242-4242"), "address"),
        ("address", json!("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), "address"),
    ] {
        let mut body = card_free();
        body[field] = value;
        let refused = shop.client.post("/basket/checkout", &body).await.expect(422);
        assert_eq!(refused.fields_at_fault(), [at_fault]);
        let detail = refused.body["errors"][0]["detail"].to_string();
        assert!(!detail.contains("4242"), "a refusal does not repeat the number");
    }
    assert_eq!(shop.rows("CHECKOUT_TABLE").await, 0);
    shop.client.post("/basket/checkout", card_free()).await.expect(202);
}

fn card_free() -> Value {
    json!({
        "userName": "swn", "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com",
        "address": "1 Harbour Street", "paymentMethod": "CARD",
    })
}

#[tokio::test]
async fn long_numbers_that_are_no_cards_are_accepted() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for (field, value) in [
        ("email", json!("shopper+1795893700009@example.com")),
        ("address", json!("1 Harbour Street, +4915123456001")),
        ("sentAt", json!(1_795_893_700_009_u64)),
        // Unknown fields are never stored, so their content is not checked.
        ("note", json!({ "deep": [CARD, 4_242_424_242_424_242_u64] })),
        (CARD, json!(true)),
        ("cardigan", json!("red")),
    ] {
        shop.client.post("/basket/swn/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
        let mut body = card_free();
        body[field] = value;
        shop.client.post("/basket/checkout", &body).await.expect(202);
    }
    let rows = shop.dynamodb.scan().table_name("CHECKOUT_TABLE").send().await.unwrap();
    assert_eq!(rows.items().len(), 6);
    assert!(!format!("{rows:?}").contains("4242"), "what nobody reads is kept nowhere");
}

#[tokio::test]
async fn a_colour_in_two_spellings_is_one_line() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for color in ["Céladon", "Ce\u{301}ladon", " Céladon"] {
        let item = json!({ "productId": phone, "color": color, "quantity": 1 });
        shop.client.post("/basket/swn/items", item).await.expect(200);
    }
    let items = shop.client.get("/basket/swn").await.body["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
    assert_eq!((&items[0]["color"], &items[0]["quantity"]), (&json!("Céladon"), &json!(3)));
}

#[tokio::test]
async fn text_that_cannot_be_seen_or_reorders_other_text_is_refused() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for bad in ["\u{200b}", "\u{3164}", "\u{202e}", "Re\u{2060}d", "\u{202e}86.42"] {
        let item = json!({ "productId": phone, "color": bad, "quantity": 1 });
        let refused = shop.client.post("/basket/swn/items", item).await.expect(422);
        assert_eq!(refused.fields_at_fault(), ["color"], "{}", bad.escape_unicode());
        for field in ["firstName", "lastName", "address", "paymentToken"] {
            let mut body = card_free();
            body[field] = json!(bad);
            let refused = shop.client.post("/basket/checkout", body).await.expect(422);
            assert_eq!(refused.fields_at_fault(), [field], "{}", bad.escape_unicode());
        }
    }
}

#[tokio::test]
async fn addresses_that_no_mail_can_be_sent_to_are_refused() {
    let shop = shop().await;
    for bad in ["a,b@example.com", "<a@example.com>", "jörg@example.com", "a@localhost", "a@-.de"] {
        let mut body = card_free();
        body["email"] = json!(bad);
        let refused = shop.client.post("/basket/checkout", body).await.expect(422);
        assert_eq!(refused.fields_at_fault(), ["email"], "{bad}");
    }
    let (shop, _) = crate::checkout::filled().await;
    let mut body = card_free();
    body["email"] = json!("a@münchen.de");
    shop.client.post("/basket/checkout", body).await.expect(202);
    assert_eq!(crate::checkout::outbox(&shop).await[0]["data"]["recipient"]["email"], "a@xn--mnchen-3ya.de");
}

#[tokio::test]
async fn a_colour_is_no_place_for_a_card_number() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    let item = json!({ "productId": phone, "color": CARD, "quantity": 1 });
    let refused = shop.client.post("/basket/swn/items", &item).await.expect(422);
    assert_eq!(refused.fields_at_fault(), ["color"]);
    let refused =
        shop.client.post("/basket", json!({ "userName": "swn", "items": [item] })).await.expect(422);
    assert_eq!(refused.fields_at_fault(), ["items[0].color"]);
    assert_eq!(shop.rows("BASKET_TABLE").await, 0);
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
