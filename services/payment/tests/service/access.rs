//! Authorization of payment reads.

use crate::{CHARGE, ORDER, till};

const SAMPLE: &str = include_str!("../../events/payment-api.json");

#[tokio::test]
async fn payments_are_seen_by_staff_only() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    let path = format!("/payment/{ORDER}");
    till.client.get(&path).await.expect(200);
    till.client.customer("swn").get(&path).await.expect(403);
    till.client.nobody().get(&path).await.expect(401);
}

#[tokio::test]
async fn a_payment_that_nobody_asked_for_is_not_found() {
    let till = till().await;
    for id in [ORDER, "1", "webhooks"] {
        till.client.get(&format!("/payment/{id}")).await.expect(404);
    }
}

#[tokio::test]
async fn the_sample_event_asks_for_a_payment() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    till.client.invoke(SAMPLE).await.expect(200);
}
