//! Who may do what, behind the gateway: a request without claims gets nowhere, and a customer to
//! nobody's basket but their own.

use serde_json::{Value, json};
use testkit::Client;

use crate::Shop;
use crate::checkout::{filled, order};

/// Asks for everything that can be done to `swn`'s basket, and gives the statuses. What changes a basket for good
/// comes last.
async fn statuses(shop: &Shop, client: &Client, phone: &str) -> Vec<u16> {
    let basket = shop.client.get("/basket/swn").await.body;
    let line = format!("/basket/swn/items/{}", basket["items"][0]["itemId"].as_str().unwrap());
    let item = json!({ "productId": phone, "quantity": 1 });
    let requests = [
        ("GET", "/basket", Value::Null),
        ("GET", "/basket/swn", Value::Null),
        ("POST", "/basket/swn/items", item.clone()),
        ("PATCH", &line, json!({ "quantity": 2 })),
        ("DELETE", &line, Value::Null),
        ("POST", "/basket", json!({ "userName": "swn", "items": [item] })),
        ("POST", "/basket/checkout", order()),
        ("DELETE", "/basket/swn", Value::Null),
    ];
    let mut statuses = Vec::new();
    for (method, path, body) in requests {
        statuses.push(client.send(method, path, &[], body).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_customer_does_everything_with_their_own_basket() {
    let (shop, phone) = filled().await;
    let customer = shop.client.customer("swn");
    assert_eq!(statuses(&shop, &customer, &phone).await, [403, 200, 200, 200, 204, 200, 202, 204]);
}

#[tokio::test]
async fn staff_does_everything_with_anybodys_basket() {
    let (shop, phone) = filled().await;
    assert_eq!(statuses(&shop, &shop.client, &phone).await, [200, 200, 200, 200, 204, 200, 202, 204]);
}

#[tokio::test]
async fn somebody_elses_basket_is_not_there() {
    let (shop, phone) = filled().await;
    for stranger in ["grace", "SWN", "swn2"] {
        let stranger = shop.client.customer(stranger);
        assert_eq!(statuses(&shop, &stranger, &phone).await, [403, 404, 404, 404, 404, 404, 404, 404]);
    }
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn nobody_gets_past_a_gateway_that_forgot_its_authorizer() {
    let (shop, phone) = filled().await;
    assert_eq!(statuses(&shop, &shop.client.nobody(), &phone).await, [401; 8]);
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
    let refused = shop.client.nobody().get("/basket/swn").await;
    assert_eq!(refused.body["type"], "urn:problem-type:unauthorized");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
}
