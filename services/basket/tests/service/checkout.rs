use std::collections::HashSet;

use futures::future::{join, join_all};
use serde_json::{Value, json};
use testkit::{Answer, Client};

use crate::{Shop, shop, snapshot};

/// A shop with a product, and a basket with two of it.
pub async fn filled() -> (Shop, String) {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    fill(&shop, &phone).await;
    (shop, phone)
}

pub async fn fill(shop: &Shop, phone: &str) {
    let item = json!({ "productId": phone, "quantity": 2 });
    shop.client.post("/basket/swn/items", item).await.expect(200);
}

pub fn order() -> Value {
    json!({
        "userName": "swn",
        "firstName": "Grace",
        "lastName": "Hopper",
        "email": "name@example.com",
        "address": "1 Harbour Street",
        "paymentMethod": "CARD",
        "paymentToken": "tok_visa",
    })
}

pub async fn check_out(shop: &Shop, key: &str, body: &Value) -> Answer {
    check_out_as(&shop.client, key, body).await
}

async fn check_out_as(client: &Client, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key), ("x-correlation-id", "c-7")];
    client.send("POST", "/basket/checkout", if key.is_empty() { &headers[1..] } else { &headers }, body).await
}

/// The events stored in the outbox.
pub async fn outbox(shop: &Shop) -> Vec<Value> {
    let rows = shop.dynamodb.scan().table_name("CHECKOUT_TABLE").send().await.unwrap();
    rows.items().iter().map(|row| serde_json::from_str(row["detail"].as_s().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_checkout_makes_the_basket_an_order_to_be() {
    let (shop, phone) = filled().await;
    let accepted = check_out(&shop, "", &order()).await.expect(202);
    let receipt = &accepted.body;
    assert_eq!(receipt["status"], "PENDING");
    assert_eq!(receipt["totalPrice"].to_string(), "1900.8");
    assert_eq!(receipt["currency"], "USD");
    let order_id = receipt["orderId"].as_str().unwrap();
    assert_eq!(accepted.header("location"), format!("../order/swn/{order_id}"));
    assert_eq!(accepted.header("x-correlation-id"), "c-7");

    assert_eq!(shop.client.get("/basket/swn").await.body["items"], json!([]));
    let events = outbox(&shop).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["metadata"]["correlationId"], "c-7");
    let data = &events[0]["data"];
    assert_eq!(data["orderId"], receipt["orderId"]);
    assert_eq!(data["orderDate"], receipt["orderDate"]);
    assert_eq!(data["lines"][0]["productId"], json!(phone));
    assert_eq!(data["lines"][0]["productName"], "IPhone X");
    assert_eq!(data["totalPrice"], receipt["totalPrice"]);
    assert_eq!(data["recipient"]["email"], "name@example.com");
    assert_eq!(data["payment"], json!({ "method": "CARD", "token": "tok_visa" }));
}

#[tokio::test]
async fn an_empty_basket_cannot_be_checked_out() {
    let (shop, _) = filled().await;
    check_out(&shop, "", &order()).await.expect(202);
    for key in ["", "k-1"] {
        let refused = check_out(&shop, key, &order()).await.expect(409);
        assert_eq!(refused.body["type"], "urn:problem-type:basket-empty");
    }
    assert_eq!(shop.rows("CHECKOUT_TABLE").await, 1);
    assert_eq!(shop.rows("IDEMPOTENCY_TABLE").await, 0);
}

#[tokio::test]
async fn a_checkout_at_another_total_than_expected_is_refused_and_the_basket_kept() {
    let (shop, phone) = filled().await;
    let mut order = order();
    for wrong in [json!(950.40), json!(1900.81), json!(0)] {
        order["expectedTotal"] = wrong;
        let refused = check_out(&shop, "", &order).await.expect(409);
        assert_eq!(refused.body["type"], "urn:problem-type:other-total");
    }
    shop.handle("ProductUpdated", &snapshot(&phone, "IPhone X", "1000", 2)).await;
    order["expectedTotal"] = json!(1900.80);
    let refused = check_out(&shop, "", &order).await.expect(409);
    assert_eq!(refused.body["detail"], "The total is 2000.00 USD, not 1900.80 USD.");
    order["expectedTotal"] = json!(2000);
    check_out(&shop, "", &order).await.expect(202);
}

#[tokio::test]
async fn products_no_longer_sold_cannot_be_checked_out() {
    let (shop, phone) = filled().await;
    shop.handle("ProductDeleted", &format!(r#"{{"productId": "{phone}", "version": 2}}"#)).await;
    let refused = check_out(&shop, "", &order()).await.expect(409);
    assert_eq!(refused.body["type"], "urn:problem-type:not-sold");
    assert!(refused.body["detail"].as_str().unwrap().contains(&phone));
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn the_same_checkout_sent_twice_is_one_order_with_one_answer() {
    let (shop, phone) = filled().await;
    let first = check_out(&shop, "k-1", &order()).await.expect(202);
    let again = check_out(&shop, "k-1", &order()).await.expect(202);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));

    fill(&shop, &phone).await;
    let again = check_out(&shop, "k-1", &order()).await.expect(202);
    assert_eq!(again.body, first.body, "also when there is a new basket by now");
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
    assert_eq!(shop.rows("CHECKOUT_TABLE").await, 1);

    let other = check_out(&shop, "k-2", &order()).await.expect(202);
    assert_ne!(other.body["orderId"], first.body["orderId"]);
}

#[tokio::test]
async fn a_key_belongs_to_one_body() {
    let (shop, phone) = filled().await;
    check_out(&shop, "k-1", &order()).await.expect(202);
    fill(&shop, &phone).await;
    let mut other = order();
    other["address"] = json!("2 Harbour Street");
    let refused = check_out(&shop, "k-1", &other).await.expect(422);
    assert_eq!(refused.body["type"], "urn:problem-type:idempotency-key-reused");
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn customers_can_use_the_same_key() {
    let (shop, phone) = filled().await;
    check_out(&shop, "k-1", &order()).await.expect(202);
    let ada = shop.client.customer("ada");
    ada.post("/basket/ada/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
    let mut of_ada = order();
    of_ada["userName"] = json!("ada");
    let accepted = check_out_as(&ada, "k-1", &of_ada).await.expect(202);
    assert_eq!(accepted.body["totalPrice"].to_string(), "950.4");
}

#[tokio::test]
async fn one_of_twenty_concurrent_checkouts_is_accepted() {
    let (shop, _) = filled().await;
    let order = order();
    let answers = join_all((0..20).map(|_| check_out(&shop, "", &order))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 19);
    assert_eq!(shop.rows("CHECKOUT_TABLE").await, 1);
}

#[tokio::test]
async fn twenty_copies_of_one_request_get_one_answer() {
    let (shop, _) = filled().await;
    let order = order();
    let answers = join_all((0..20).map(|_| check_out(&shop, "k-1", &order))).await;
    let receipts: HashSet<_> =
        answers.into_iter().map(|answer| answer.expect(202).body.to_string()).collect();
    assert_eq!(receipts.len(), 1);
    assert_eq!(shop.rows("CHECKOUT_TABLE").await, 1);
}

#[tokio::test]
async fn an_item_added_during_a_checkout_is_in_the_order_or_still_in_the_basket() {
    for _ in 0..10 {
        let (shop, phone) = filled().await;
        let (order, item) = (order(), json!({ "productId": phone, "quantity": 1 }));
        let add = shop.client.post("/basket/swn/items", item);
        let (checkout, added) = join(check_out(&shop, "", &order), add).await;
        added.expect(200);
        let basket = shop.client.get("/basket/swn").await.body;
        let in_basket = basket["items"][0]["quantity"].as_u64().unwrap_or(0);
        let in_order = outbox(&shop)
            .await
            .iter()
            .map(|e| e["data"]["lines"][0]["quantity"].as_u64().unwrap())
            .sum::<u64>();
        assert_eq!(in_basket + in_order, 3, "checkout answered {}", checkout.status);
        assert_eq!(checkout.status == 202, in_order > 0);
    }
}

#[tokio::test]
async fn a_basket_made_anew_is_not_the_one_that_was_priced() {
    // A version is never used again, so this race cannot remove the new basket.
    let (shop, phone) = filled().await;
    for _ in 0..10 {
        let order = order();
        let replace = async {
            shop.client.send("DELETE", "/basket/swn", &[], "").await.expect(204);
            fill(&shop, &phone).await;
        };
        let (checkout, ()) = join(check_out(&shop, "", &order), replace).await;
        assert!([202, 409].contains(&checkout.status.as_u16()), "{}", checkout.body);
    }
    for event in outbox(&shop).await {
        assert_eq!(event["data"]["lines"][0]["quantity"], 2);
    }
}
