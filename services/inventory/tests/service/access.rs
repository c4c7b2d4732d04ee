//! Authorization behind the gateway.

use serde_json::json;
use testkit::Client;

use crate::{Warehouse, warehouse};

async fn statuses(shop: &Warehouse, client: &Client) -> [u16; 2] {
    let lamp = shop.product(1).await;
    let (stock, receipts) = (format!("/stock/{lamp}"), format!("/stock/{lamp}/receipts"));
    let received =
        client.send("POST", &receipts, &[("idempotency-key", "k-1")], json!({ "quantity": 1 })).await;
    let read = client.get(&stock).await;
    let counted = if received.status == 201 { 2 } else { 1 };
    assert_eq!(shop.counts(&lamp).await, [counted, 0, counted, 0]);
    [read.status.as_u16(), received.status.as_u16()]
}

#[tokio::test]
async fn the_warehouse_is_for_staff() {
    let shop = warehouse().await;
    assert_eq!(statuses(&shop, &shop.client).await, [200, 201]);
    assert_eq!(statuses(&shop, &shop.client.customer("swn")).await, [403, 403]);
    assert_eq!(statuses(&shop, &shop.client.nobody()).await, [401, 401]);
}
