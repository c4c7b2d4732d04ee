use serde_json::{Value, json};
use testkit::customer_id;

use crate::{Shop, order, shop};

/// A shop where one user has this many orders, one second apart.
async fn with_orders(count: usize) -> Shop {
    let shop = shop().await;
    for batch in (0..count).collect::<Vec<_>>().chunks(10) {
        let messages: Vec<_> = batch.iter().map(|number| order("swn", *number)).collect();
        assert!(shop.deliver(&messages).await.is_empty());
    }
    shop
}

async fn pages(shop: &Shop, list: &str) -> Vec<Value> {
    let (mut orders, mut next) = (Vec::new(), list.to_owned());
    loop {
        let page = shop.client.get(&next).await.expect(200).body;
        orders.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { return orders };
        next = format!("{list}&cursor={cursor}");
    }
}

#[tokio::test]
async fn a_customers_orders_come_newest_first() {
    let shop = with_orders(12).await;
    shop.deliver(&[order("ada", 5)]).await;
    let orders = pages(&shop, "/order/swn?limit=5").await;
    assert_eq!(orders.len(), 12);
    let ids: Vec<_> = orders.iter().map(|order| order["orderId"].to_string()).collect();
    assert!(ids.iter().rev().is_sorted());
    assert!(orders.iter().all(|order| order["userName"] == "swn"));
}

#[tokio::test]
async fn orders_can_be_found_by_their_date() {
    let shop = with_orders(3).await;
    for (date, count) in [
        ("2026-01-31", 3),
        ("2026-01-30", 0),
        ("2026-02-01", 0),
        ("2026-01-31T12:00:01.000Z", 1),
        ("2026-01-31T13:00:01%2B01:00", 1),
        ("2026-01-31T12:00:01.001Z", 0),
    ] {
        assert_eq!(pages(&shop, &format!("/order/swn?orderDate={date}")).await.len(), count, "{date}");
    }
    assert_eq!(pages(&shop, "/order/swn?orderDate=2026-01-31&limit=2").await.len(), 3);
    let refused = shop.client.get("/order/swn?orderDate=yesterday").await.expect(400);
    assert_eq!(refused.fields_at_fault(), ["orderDate"]);
}

#[tokio::test]
async fn all_orders_and_those_that_stand_so_are_listed_in_pages() {
    let shop = with_orders(5).await;
    assert_eq!(pages(&shop, "/order?limit=2").await.len(), 5);
    let pending = pages(&shop, "/order?status=PENDING&limit=2").await;
    assert_eq!(pending.len(), 5);
    assert!(pending.iter().map(|order| order["orderId"].to_string()).rev().is_sorted());
    let refused = shop.client.get("/order?status=LOST&limit=0").await.expect(400);
    assert_eq!(refused.fields_at_fault(), ["status", "limit"]);
}

#[tokio::test]
async fn a_cursor_of_one_customer_opens_no_other_list() {
    let shop = with_orders(3).await;
    let page = shop.client.get("/order/swn?limit=1").await.expect(200).body;
    let cursor = page["nextCursor"].as_str().unwrap();
    for list in ["/order/ada?", "/order?", "/order?status=PENDING&", "/order/swn?orderDate=2026-01-31&"] {
        let refused = shop.client.get(&format!("{list}cursor={cursor}")).await.expect(400);
        assert_eq!(refused.fields_at_fault(), ["cursor"]);
    }
}

#[tokio::test]
async fn missing_orders_are_not_found() {
    let shop = with_orders(1).await;
    assert_eq!(shop.client.get("/order/nobody").await.expect(200).body, json!({ "items": [] }));
    let order = shop.client.get("/order/swn").await.body["items"][0]["orderId"].clone();
    let id = order.as_str().unwrap();
    shop.client.get(&format!("/order/swn/{id}")).await.expect(200);
    shop.client.get(&format!("/order/ada/{id}")).await.expect(404);
    shop.client.get("/order/swn/00000000-0000-7000-8000-000000000000").await.expect(404);
    shop.client.get("/order/swn/nonsense").await.expect(404);
    assert_eq!(shop.client.get("/order/a%20b").await.expect(422).fields_at_fault(), ["userName"]);
}

#[tokio::test]
async fn unclaimed_orders_are_cancelled_at_once() {
    let shop = with_orders(1).await;
    let order = shop.client.get("/order/swn").await.body["items"][0]["orderId"].clone();
    let path = format!("/order/swn/{}", order.as_str().unwrap());
    let cancel = format!("{path}/cancel?customerId={}", customer_id("swn"));
    let cancelled = shop.client.send("POST", &cancel, &[], "").await.expect(202).body;
    assert_eq!(cancelled["status"], "CANCELLED");
    let history = cancelled["history"].as_array().unwrap();
    assert_eq!((history.len(), &history[1]["reason"]), (2, &json!("CUSTOMER_REQUEST")));
    assert_eq!(history[1]["at"], cancelled["cancelRequestedAt"]);
    let refused = shop.client.send("POST", &cancel, &[], "").await.expect(409).body;
    assert_eq!(refused["type"], "urn:problem-type:order-not-cancellable");
    assert_eq!(shop.client.get(&path).await.expect(200).body, cancelled);
}

#[tokio::test]
async fn the_sample_request_of_the_gateway_is_answered() {
    let answer = shop().await.client.invoke(include_str!("../../events/ordering-api.json")).await.expect(200);
    assert_eq!(answer.body, json!({ "items": [] }));
    assert_eq!(answer.header("x-correlation-id"), "sample-request");
}
