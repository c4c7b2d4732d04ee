//! What is believed of what is said to come from the provider.

use std::time::{SystemTime, UNIX_EPOCH};

use lambdakit::signature::{SigningKey, TOLERANCE_SECONDS};
use serde_json::{Value, json};
use testkit::Answer;

use crate::{CHARGE, ORDER, REFUND, SECRET, TABLE, Till, charge_by, till};

const SAMPLE: &str = include_str!("../../events/payment-webhook.json");

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn send(till: &Till, signature: &str, body: &str) -> Answer {
    let headers = [("webhook-signature", signature)];
    till.client.nobody().send("POST", "/payment/webhook", &headers, body).await
}

/// Tells something as the provider would.
async fn tell(till: &Till, body: &str) -> Answer {
    send(till, &SigningKey::new(SECRET).unwrap().sign(now(), body.as_bytes()), body).await
}

/// A till with an open charge, and what the provider would say of it.
async fn open(kind: &str) -> (Till, Value) {
    let till = till().await;
    assert!(till.ask(&charge_by("CARD", Some("tok_delayed"))).await);
    let webhook = webhook(&till, kind).await;
    (till, webhook)
}

async fn webhook(till: &Till, kind: &str) -> Value {
    let status = kind.trim_start_matches("charge.");
    let refunded = if status == "refunded" { 1990 } else { 0 };
    let data = json!({
        "id": till.payment().await["chargeId"], "amount": 1990, "currency": "USD", "reference": ORDER,
        "status": status, "failureCode": "insufficient_funds", "amountRefunded": refunded,
    });
    json!({ "id": format!("evt_{status}"), "type": kind, "data": data })
}

#[tokio::test]
async fn the_provider_may_tell_how_a_charge_went() {
    for (kind, state) in
        [("charge.settled", "SETTLED"), ("charge.declined", "DECLINED"), ("charge.refunded", "REFUNDED")]
    {
        let (till, webhook) = open(kind).await;
        assert_eq!(tell(&till, &webhook.to_string()).await.expect(200).body["replayed"], false);
        assert_eq!(till.state().await, state);
    }
}

#[tokio::test]
async fn what_is_told_again_changes_nothing_and_is_taken() {
    let (till, webhook) = open("charge.settled").await;
    tell(&till, &webhook.to_string()).await.expect(200);
    let rows = till.rows(TABLE).await;
    assert_eq!(rows[0]["heard"], json!(["evt_settled"]));
    for _ in 0..3 {
        assert_eq!(tell(&till, &webhook.to_string()).await.expect(200).body["replayed"], true);
    }
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn what_is_told_late_changes_nothing() {
    let (till, webhook) = open("charge.settled").await;
    assert!(till.ask(REFUND).await);
    let payment = till.payment().await;
    tell(&till, &webhook.to_string()).await.expect(200);
    assert_eq!(till.payment().await, payment);
}

#[tokio::test]
async fn who_does_not_sign_is_not_heard() {
    let (till, webhook) = open("charge.settled").await;
    let (rows, body) = (till.rows(TABLE).await, webhook.to_string());
    let (key, other) = (SigningKey::new(SECRET).unwrap(), SigningKey::new("whsec_other").unwrap());
    let sign = |time| key.sign(time, body.as_bytes());
    for signature in [
        String::new(),
        "t=1,v1=00".to_owned(),
        other.sign(now(), body.as_bytes()),
        key.sign(now(), b"{}"),
        // Overheard a while ago, or made for later.
        sign(now() - TOLERANCE_SECONDS - 5),
        sign(now() + TOLERANCE_SECONDS + 5),
        sign(now()).replacen("t=1", "t=2", 1),
    ] {
        let refused = send(&till, &signature, &body).await.expect(401);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.body["type"], "urn:problem-type:unauthorized");
    }
    // Nor who is signed in.
    till.client.post("/payment/webhook", &webhook).await.expect(401);
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn what_is_signed_and_still_not_of_ours_is_refused() {
    let (till, webhook) = open("charge.settled").await;
    let rows = till.rows(TABLE).await;
    for (field, value, status) in [
        ("reference", json!("019c1431-2e60-7000-8000-000000000002"), 404),
        ("reference", json!("order-1"), 404),
        ("amount", json!(1), 422),
        ("currency", json!("EUR"), 422),
        ("id", json!("ch_other"), 422),
        ("status", json!("lost"), 422),
    ] {
        let mut other = webhook.clone();
        other["data"][field] = value;
        tell(&till, &other.to_string()).await.expect(status);
    }
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn what_was_never_charged_cannot_be_told_of() {
    for command in [REFUND, &charge_by("INVOICE", None)] {
        let till = till().await;
        assert!(till.ask(command).await);
        let rows = till.rows(TABLE).await;
        let mut webhook = webhook(&till, "charge.refunded").await;
        webhook["data"]["id"] = json!("ch_1");
        tell(&till, &webhook.to_string()).await.expect(422);
        assert_eq!(till.rows(TABLE).await, rows);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_its_fields() {
    let (till, webhook) = open("charge.settled").await;
    for body in ["", "{", "[]", "7", "not json"] {
        tell(&till, body).await.expect(400);
    }
    assert_eq!(tell(&till, "{}").await.expect(422).fields_at_fault(), ["id", "type", "data"]);
    for id in [json!(""), json!(7), json!("x".repeat(101))] {
        let mut other = webhook.clone();
        other["id"] = id;
        assert_eq!(tell(&till, &other.to_string()).await.expect(422).fields_at_fault(), ["id"]);
    }
}

#[tokio::test]
async fn what_the_shop_does_not_listen_to_is_taken() {
    let (till, mut webhook) = open("charge.settled").await;
    webhook["type"] = json!("payout.created");
    tell(&till, &webhook.to_string()).await.expect(200);
    assert_eq!(till.state().await, "PENDING");
}

#[tokio::test]
async fn whatever_the_provider_tells_of_a_payment_is_taken() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    assert!(till.tell().await);
    assert!(till.ask(REFUND).await);
    assert!(till.tell().await);
    let payment = till.payment().await;
    assert_eq!(
        (payment["state"].as_str(), payment["history"].as_array().unwrap().len()),
        (Some("REFUNDED"), 4)
    );
    assert_eq!(till.rows(TABLE).await[0]["heard"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_sample_event_is_from_long_ago() {
    let till = till().await;
    till.client.invoke(SAMPLE).await.expect(401);
}
