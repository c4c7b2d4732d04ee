//! Authorization behind the gateway: a request without claims is rejected, and customers reach only
//! their own baskets.

use serde_json::{Value, json};
use testkit::{Client, customer_id};

use crate::Shop;
use crate::checkout::{filled, order};

/// Calls every operation on `swn`'s basket and returns the statuses. Operations that change a
/// basket permanently run last.
async fn statuses(shop: &Shop, client: &Client, phone: &str) -> Vec<u16> {
    statuses_with(shop, client, phone, "").await
}

/// The same with a query string.
async fn statuses_with(shop: &Shop, client: &Client, phone: &str, query: &str) -> Vec<u16> {
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
        let path = format!("{path}{query}");
        statuses.push(client.send(method, &path, &[], body).await.status.as_u16());
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
async fn staff_do_everything_with_the_basket_of_a_customer_whom_they_name_by_id() {
    let (shop, phone) = filled().await;
    let query = format!("?customerId={}", customer_id("swn"));
    let done = statuses_with(&shop, &shop.staff, &phone, &query).await;
    assert_eq!(done, [200, 200, 200, 200, 204, 200, 202, 204]);
}

#[tokio::test]
async fn a_basket_has_the_name_of_its_owner_whatever_staff_take_it_for() {
    let (shop, phone) = filled().await;
    let item = json!({ "productId": phone, "quantity": 1 });
    let query = format!("?customerId={}", customer_id("swn"));
    // The basket belongs to `swn`: staff who name another user get a 404.
    for path in ["/basket/ada/items", "/basket"] {
        let body =
            if path == "/basket" { json!({ "userName": "ada", "items": [item] }) } else { item.clone() };
        shop.staff.post(&format!("{path}{query}"), body).await.expect(404);
    }
    shop.staff.send("DELETE", &format!("/basket/ada{query}"), &[], "").await.expect(404);
    // An empty basket accepts any user name, until its owner writes to it.
    let own = shop.client.customer("swn");
    own.send("DELETE", "/basket/swn", &[], "").await.expect(204);
    shop.staff.post(&format!("/basket/ada/items{query}"), item.clone()).await.expect(200);
    own.post("/basket/swn/items", item).await.expect(200);
    let listed = shop.staff.get("/basket?userName=swn").await.expect(200).body;
    assert_eq!(listed["items"][0]["userName"], "swn");
    assert_eq!(shop.staff.get("/basket?userName=ada").await.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn staff_read_by_name_and_change_nothing_by_name() {
    let (shop, phone) = filled().await;
    assert_eq!(statuses(&shop, &shop.staff, &phone).await, [200, 200, 400, 400, 400, 400, 400, 400]);
    let basket = shop.client.get("/basket/swn").await.body;
    assert_eq!(shop.staff.get("/basket/swn").await.body, basket);
    assert_eq!(
        (&basket["customerId"], &basket["items"][0]["quantity"]),
        (&json!(customer_id("swn")), &json!(2))
    );
    let refused = shop.staff.send("DELETE", "/basket/swn", &[], "").await.expect(400);
    assert_eq!(refused.fields_at_fault(), ["customerId"]);
    let empty = shop.staff.get("/basket/nobody").await.expect(200).body;
    assert_eq!((&empty["items"], empty.get("customerId")), (&json!([]), None));
}

#[tokio::test]
async fn a_customer_id_is_good_for_its_owner_alone() {
    let (shop, phone) = filled().await;
    let own = format!("?customerId={}", customer_id("swn"));
    let others = format!("?customerId={}", customer_id("grace"));
    let grace = shop.client.customer("grace");
    assert_eq!(statuses_with(&shop, &grace, &phone, &own).await, [403, 404, 404, 404, 404, 404, 404, 404]);
    let refused = statuses_with(&shop, &shop.client, &phone, &others).await;
    assert_eq!(refused, [403, 404, 404, 404, 404, 404, 404, 404]);
    let done = statuses_with(&shop, &shop.client, &phone, &own).await;
    assert_eq!(done, [403, 200, 200, 200, 204, 200, 202, 204]);
}

/// Another customer, who signed up with the same name after the first account was deleted.
const SECOND_SWN: &str = "5c0f9a1e-2b34-4c1d-9e7f-8a6b5c4d3e2f";

#[tokio::test]
async fn the_next_owner_of_a_name_has_a_basket_of_their_own() {
    let (shop, phone) = filled().await;
    let second = shop.client.customer_with_id("swn", SECOND_SWN);
    assert_eq!(second.get("/basket/swn").await.expect(200).body["items"], json!([]));
    second.post("/basket/swn/items", json!({ "productId": phone, "quantity": 7 })).await.expect(200);
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
    // Staff see every customer id with this name, and choose one.
    let both = shop.staff.get("/basket?userName=swn").await.expect(200).body;
    let mut ids: Vec<_> = both["items"].as_array().unwrap().iter().map(|b| b["customerId"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, [json!(SECOND_SWN), json!(customer_id("swn"))]);
    let ambiguous = shop.staff.get("/basket/swn").await.expect(409);
    assert_eq!(ambiguous.body["type"], "urn:problem-type:ambiguous-user-name");
    assert!(ambiguous.body["detail"].as_str().unwrap().contains(SECOND_SWN));
    let chosen = shop.staff.get(&format!("/basket/swn?customerId={SECOND_SWN}")).await.expect(200).body;
    assert_eq!(chosen["items"][0]["quantity"], 7);
    // Neither customer can change the other's basket.
    second.send("DELETE", "/basket/swn", &[], "").await.expect(204);
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn an_idempotency_key_is_its_owners_alone() {
    let (shop, phone) = filled().await;
    let key = [("idempotency-key", "k-1")];
    let first = shop.client.send("POST", "/basket/checkout", &key, order()).await.expect(202).body;
    let second = shop.client.customer_with_id("swn", SECOND_SWN);
    second.post("/basket/swn/items", json!({ "productId": phone, "quantity": 2 })).await.expect(200);
    let own = second.send("POST", "/basket/checkout", &key, order()).await.expect(202).body;
    assert_ne!(own["orderId"], first["orderId"]);
}

#[tokio::test]
async fn other_customers_baskets_are_not_found() {
    let (shop, phone) = filled().await;
    for stranger in ["grace", "SWN", "swn2"] {
        let stranger = shop.client.customer(stranger);
        assert_eq!(statuses(&shop, &stranger, &phone).await, [403, 404, 404, 404, 404, 404, 404, 404]);
    }
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn requests_without_claims_are_refused_behind_the_gateway() {
    let (shop, phone) = filled().await;
    assert_eq!(statuses(&shop, &shop.client.nobody(), &phone).await, [401; 8]);
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 2);
    let refused = shop.client.nobody().get("/basket/swn").await;
    assert_eq!(refused.body["type"], "urn:problem-type:unauthorized");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
}
