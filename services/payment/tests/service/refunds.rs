//! Handling of refund commands.

use serde_json::json;

use crate::{CHARGE, REFUND, TABLE, charge_by, till};

#[tokio::test]
async fn a_charge_is_refunded_once() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    assert!(till.ask(REFUND).await);
    let payment = till.payment().await;
    assert_eq!(
        (payment["state"].as_str(), payment["refunded"].to_string().as_str()),
        (Some("REFUNDED"), "19.9")
    );
    assert_eq!(till.charges().await, ["refunded"]);
    let calls = till.line.calls("POST /v1");
    for command in [REFUND, CHARGE, REFUND] {
        assert!(till.ask(command).await);
    }
    assert_eq!(till.payment().await, payment);
    assert_eq!(till.line.calls("POST /v1"), calls, "the provider was asked again");
}

#[tokio::test]
async fn a_charge_that_comes_after_its_refund_is_never_made() {
    let till = till().await;
    assert!(till.ask(REFUND).await);
    let payment = till.payment().await;
    assert_eq!(payment["state"], "REFUNDED");
    assert!(payment.get("refunded").is_none());
    for command in [CHARGE, &charge_by("INVOICE", None), &charge_by("CARD", None), REFUND] {
        assert!(till.ask(command).await);
    }
    assert_eq!(till.payment().await, payment);
    assert!(till.charges().await.is_empty());
}

#[tokio::test]
async fn a_charge_that_takes_its_time_is_cancelled() {
    let till = till().await;
    assert!(till.ask(&charge_by("CARD", Some("tok_delayed"))).await);
    assert!(till.ask(REFUND).await);
    let payment = till.payment().await;
    assert_eq!(payment["state"], "REFUNDED");
    assert_eq!(payment["refunded"].to_string(), "0.0");
    // The charge would have settled by now.
    assert!(till.send_webhook().await);
    assert_eq!(till.charges().await, ["canceled"]);
    assert_eq!(till.payment().await, payment);
}

#[tokio::test]
async fn uncharged_payments_are_refunded_without_the_provider() {
    for command in [charge_by("CARD", None), charge_by("INVOICE", None)] {
        let till = till().await;
        assert!(till.ask(&command).await);
        assert!(till.ask(REFUND).await);
        let payment = till.payment().await;
        assert_eq!(payment["state"], "REFUNDED");
        assert!(payment.get("refunded").is_none());
        assert_eq!(till.line.calls("POST /v1"), 0);
    }
    let till = till().await;
    assert!(till.ask(&charge_by("CARD", Some("tok_declined"))).await);
    assert!(till.ask(REFUND).await);
    assert_eq!(till.state().await, "REFUNDED");
    assert_eq!(till.line.calls("POST /v1"), 1);
}

#[tokio::test]
async fn a_refund_of_nothing_keeps_the_order_and_nothing_else() {
    let till = till().await;
    assert!(till.ask(REFUND).await);
    let row = till.rows(TABLE).await.remove(0);
    let mut fields: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    assert_eq!(json!(fields), json!(["correlationId", "history", "orderId", "state", "version"]));
}
