//! Authorization of order reads behind the gateway.

use testkit::Client;

use crate::{Shop, order, shop};

/// A shop with an order of `swn`, and the paths to it.
async fn with_order() -> (Shop, [String; 3]) {
    let shop = shop().await;
    assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
    let orders = shop.client.get("/order/swn").await.expect(200).body;
    let one = format!("/order/swn/{}", orders["items"][0]["orderId"].as_str().unwrap());
    (shop, ["/order".to_owned(), "/order/swn".to_owned(), one])
}

async fn statuses(client: &Client, paths: &[String]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in paths {
        statuses.push(client.get(path).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn orders_are_seen_by_their_customer_and_by_staff() {
    let (shop, paths) = with_order().await;
    assert_eq!(statuses(&shop.client, &paths).await, [200, 200, 200]);
    assert_eq!(statuses(&shop.client.customer("swn"), &paths).await, [403, 200, 200]);
    assert_eq!(statuses(&shop.client.customer("grace"), &paths).await, [403, 404, 404]);
    assert_eq!(statuses(&shop.client.nobody(), &paths).await, [401, 401, 401]);
}

#[tokio::test]
async fn an_order_that_is_not_there_looks_like_one_that_is_somebody_elses() {
    let (shop, [.., one]) = with_order().await;
    let other = one.replace("/order/swn/", "/order/nobody/");
    let grace = shop.client.customer("grace");
    let (theirs, nobodys) = (grace.get(&one).await, grace.get(&other).await);
    assert_eq!(theirs.status, nobodys.status);
    assert_eq!(theirs.body["detail"], nobodys.body["detail"]);
}
