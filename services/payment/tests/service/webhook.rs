//! Verification of the provider's webhooks.

use std::time::{SystemTime, UNIX_EPOCH};

use lambdakit::webhooks::{TOLERANCE_SECONDS, WebhookSecrets};
use serde_json::{Value, json};
use testkit::Answer;

use crate::{CHARGE, OLD_SECRET, ORDER, REFUND, SECRET, TABLE, Till, charge_by, till};

const SAMPLE: &str = include_str!("../../events/payment-webhook.json");
const STRANGER: &str = "whsec_dGhlIHNlY3JldCBvZiBhIHN0cmFuZ2Vy";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Sends a webhook with these headers: id, timestamp and signature.
async fn send(till: &Till, [id, timestamp, signature]: [&str; 3], body: &str) -> Answer {
    let headers = [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
    till.client.nobody().send("POST", "/payment/webhook", &headers, body).await
}

/// Sends a webhook signed with this secret at this time.
async fn send_signed(till: &Till, secret: &str, id: &str, time: u64, body: &str) -> Answer {
    let signature = secret.parse::<WebhookSecrets>().unwrap().sign(id, time, body.as_bytes());
    send(till, [id, &time.to_string(), &signature], body).await
}

/// Sends a webhook as the provider does.
pub async fn send_as_provider(till: &Till, id: &str, body: &str) -> Answer {
    send_signed(till, SECRET, id, now(), body).await
}

/// The provider's webhook when this much of the charge was refunded.
pub async fn refunded(till: &Till, amount: impl Into<Value>) -> Value {
    let mut webhook = webhook(till, "charge.refunded").await;
    webhook["data"]["amountRefunded"] = amount.into();
    webhook
}

/// A till with an open charge, and the provider's webhook for it.
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
    json!({ "type": kind, "timestamp": "2026-01-31T12:02:00Z", "data": data })
}

#[tokio::test]
async fn the_provider_may_tell_how_a_charge_went() {
    for (kind, state) in
        [("charge.settled", "SETTLED"), ("charge.declined", "DECLINED"), ("charge.refunded", "REFUNDED")]
    {
        let (till, webhook) = open(kind).await;
        assert_eq!(
            send_as_provider(&till, "evt_settled", &webhook.to_string()).await.expect(200).body["replayed"],
            false
        );
        assert_eq!(till.state().await, state);
    }
}

#[tokio::test]
async fn repeated_webhooks_change_nothing_and_are_accepted() {
    let (till, webhook) = open("charge.settled").await;
    send_as_provider(&till, "evt_settled", &webhook.to_string()).await.expect(200);
    let rows = till.rows(TABLE).await;
    let processed = rows[0]["processedWebhooks"].as_object().unwrap();
    assert_eq!(processed.keys().collect::<Vec<_>>(), ["evt_settled"]);
    for _ in 0..3 {
        assert_eq!(
            send_as_provider(&till, "evt_settled", &webhook.to_string()).await.expect(200).body["replayed"],
            true
        );
    }
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn late_webhooks_change_nothing() {
    let (till, webhook) = open("charge.settled").await;
    assert!(till.ask(REFUND).await);
    let payment = till.payment().await;
    send_as_provider(&till, "evt_settled", &webhook.to_string()).await.expect(200);
    assert_eq!(till.payment().await, payment);
}

#[tokio::test]
async fn unsigned_webhooks_are_refused() {
    let (till, webhook) = open("charge.settled").await;
    let (rows, body) = (till.rows(TABLE).await, webhook.to_string());
    let (secrets, stranger) =
        (SECRET.parse::<WebhookSecrets>().unwrap(), STRANGER.parse::<WebhookSecrets>().unwrap());
    let (time, earlier, later) = (now(), now() - TOLERANCE_SECONDS - 5, now() + TOLERANCE_SECONDS + 5);
    let sign = |time, body: &str| secrets.sign("evt_1", time, body.as_bytes());
    for (id, time, signature) in [
        ("evt_1", time, String::new()),
        ("evt_1", time, "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        ("evt_1", time, stranger.sign("evt_1", time, body.as_bytes())),
        ("evt_1", time, sign(time, "{}")),
        ("evt_2", time, sign(time, &body)),
        ("evt_1", time - 1, sign(time, &body)),
        // Replayed from an earlier time, or dated in the future.
        ("evt_1", earlier, sign(earlier, &body)),
        ("evt_1", later, sign(later, &body)),
    ] {
        let refused = send(&till, [id, &time.to_string(), &signature], &body).await.expect(401);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.body["type"], "urn:problem-type:unauthorized");
    }
    // A signed-in caller is not accepted either.
    till.client.post("/payment/webhook", &webhook).await.expect(401);
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn signed_webhooks_about_other_charges_are_refused() {
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
        send_as_provider(&till, "evt_other", &other.to_string()).await.expect(status);
    }
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn webhooks_about_uncharged_payments_are_refused() {
    for command in [REFUND, &charge_by("INVOICE", None)] {
        let till = till().await;
        assert!(till.ask(command).await);
        let rows = till.rows(TABLE).await;
        let mut webhook = webhook(&till, "charge.refunded").await;
        webhook["data"]["id"] = json!("ch_1");
        send_as_provider(&till, "evt_settled", &webhook.to_string()).await.expect(422);
        assert_eq!(till.rows(TABLE).await, rows);
    }
}

#[tokio::test]
async fn unreadable_bodies_are_refused_by_field() {
    let (till, webhook) = open("charge.settled").await;
    for body in ["", "{", "[]", "7", "not json"] {
        send_as_provider(&till, "evt_1", body).await.expect(400);
    }
    assert_eq!(send_as_provider(&till, "evt_1", "{}").await.expect(422).fields_at_fault(), ["type", "data"]);
    let no_data = json!({ "type": "charge.settled" }).to_string();
    assert_eq!(send_as_provider(&till, "evt_1", &no_data).await.expect(422).fields_at_fault(), ["data"]);
    // An invalid id is rejected, too.
    let long = "x".repeat(101);
    for id in ["", "evt.1", "evt 1", &long] {
        send_as_provider(&till, id, &webhook.to_string()).await.expect(401);
    }
}

#[tokio::test]
async fn webhooks_of_unknown_types_are_accepted() {
    let (till, mut webhook) = open("charge.settled").await;
    webhook["type"] = json!("payout.created");
    send_as_provider(&till, "evt_1", &webhook.to_string()).await.expect(200);
    // Other types are accepted, with any data or without.
    for other in [json!({ "type": "payout.created" }), json!({ "type": "ping", "data": [7] })] {
        send_as_provider(&till, "evt_1", &other.to_string()).await.expect(200);
    }
    assert_eq!(till.state().await, "PENDING");
    assert!(till.rows(TABLE).await[0].get("processedWebhooks").is_none());
}

#[tokio::test]
async fn secrets_are_rotated_without_losing_a_webhook() {
    let (till, webhook) = open("charge.settled").await;
    let body = webhook.to_string();
    for (secret, replayed) in
        [(OLD_SECRET, false), (SECRET, true), (&*format!("{STRANGER} {OLD_SECRET}"), true)]
    {
        let answer = send_signed(&till, secret, "evt_1", now(), &body).await.expect(200);
        assert_eq!(answer.body["replayed"], replayed);
    }
    send_signed(&till, STRANGER, "evt_1", now(), &body).await.expect(401);
    assert_eq!(till.state().await, "SETTLED");
}

#[tokio::test]
async fn a_webhook_is_known_again_whatever_came_in_between() {
    let (till, webhook) = open("charge.settled").await;
    let (time, body) = (now(), webhook.to_string());
    send_signed(&till, SECRET, "evt_first", time, &body).await.expect(200);
    for number in 0..40 {
        let answer = send_as_provider(&till, &format!("evt_{number}"), &body).await.expect(200);
        assert_eq!(answer.body["replayed"], false);
    }
    let rows = till.rows(TABLE).await;
    let again = send_signed(&till, SECRET, "evt_first", time, &body).await.expect(200);
    assert_eq!(again.body["replayed"], true);
    assert_eq!(till.rows(TABLE).await, rows);
}

#[tokio::test]
async fn a_webhook_sent_twice_at_once_takes_effect_once() {
    let (till, webhook) = open("charge.settled").await;
    let body = webhook.to_string();
    let answers = futures::future::join_all((0..5).map(|_| send_as_provider(&till, "evt_1", &body))).await;
    let new = answers.into_iter().filter(|answer| answer.body["replayed"] == false).count();
    assert_eq!(new, 1);
    assert_eq!(till.payment().await["history"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn refunded_amounts_only_grow_and_end_at_the_charge() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    for (amount, state, in_all) in [
        (100, "SETTLED", "1.0"),
        (500, "SETTLED", "5.0"),
        // A late webhook is no error.
        (100, "SETTLED", "5.0"),
        (1990, "REFUNDED", "19.9"),
        (500, "REFUNDED", "19.9"),
    ] {
        let before = till.payment().await;
        let webhook = refunded(&till, amount).await;
        let id = format!("evt_{amount}_{}", before["refunded"]).replace('.', "_");
        send_as_provider(&till, &id, &webhook.to_string()).await.expect(200);
        let payment = till.payment().await;
        assert_eq!(payment["state"], state, "{amount}");
        assert_eq!(payment["refunded"].to_string(), in_all, "{amount}");
        let has_grown = before["refunded"] != payment["refunded"];
        assert_eq!(before["refundedAt"] != payment["refundedAt"], has_grown, "{amount}");
    }
    let history = till.payment().await["history"].clone();
    let states: Vec<_> = history.as_array().unwrap().iter().map(|change| &change["state"]).collect();
    assert_eq!(states, ["PENDING", "SETTLED", "REFUNDED"]);
}

#[tokio::test]
async fn refunded_amounts_that_cannot_be_are_refused() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    send_as_provider(&till, "evt_1", &refunded(&till, 500).await.to_string()).await.expect(200);
    let rows = till.rows(TABLE).await;
    for amount in [
        json!(1991),
        json!(u64::MAX),
        json!(0),
        json!(-1),
        json!(600.5),
        json!("600"),
        json!([600]),
        Value::Null,
    ] {
        let webhook = refunded(&till, amount.clone()).await.to_string();
        assert_eq!(
            send_as_provider(&till, "evt_2", &webhook).await.expect(422).fields_at_fault(),
            ["data"],
            "{amount}"
        );
    }
    let mut missing = refunded(&till, 600).await;
    missing["data"].as_object_mut().unwrap().remove("amountRefunded");
    send_as_provider(&till, "evt_2", &missing.to_string()).await.expect(422);
    let mut euros = refunded(&till, 600).await;
    euros["data"]["currency"] = json!("EUR");
    send_as_provider(&till, "evt_2", &euros.to_string()).await.expect(422);
    // A charge that was declined cannot be refunded.
    let mut declined = refunded(&till, 600).await;
    declined["data"]["status"] = json!("declined");
    send_as_provider(&till, "evt_2", &declined.to_string()).await.expect(422);
    assert_eq!(till.rows(TABLE).await, rows);
    // A rejected id can be used again.
    send_as_provider(&till, "evt_2", &refunded(&till, 600).await.to_string()).await.expect(200);
    assert_eq!(till.payment().await["refunded"].to_string(), "6.0");
}

#[tokio::test]
async fn refunds_by_hand_at_the_provider_reach_the_shop() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    assert!(till.send_webhook().await);
    till.refund_part("first", 100).await;
    till.refund_part("second", 400).await;
    // In whichever order the queue delivers them.
    assert!(till.send_webhook().await);
    assert!(till.send_webhook().await);
    let payment = till.payment().await;
    assert_eq!((&payment["state"], &*payment["refunded"].to_string()), (&json!("SETTLED"), "5.0"));
    // The order is cancelled later: the rest is refunded, and then the total is refunded.
    assert!(till.ask(REFUND).await);
    assert!(till.send_webhook().await);
    let payment = till.payment().await;
    assert_eq!((&payment["state"], &*payment["refunded"].to_string()), (&json!("REFUNDED"), "19.9"));
    assert_eq!(till.charges().await, ["refunded"]);
}

#[tokio::test]
async fn all_webhooks_of_the_provider_are_accepted() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    assert!(till.send_webhook().await);
    assert!(till.ask(REFUND).await);
    assert!(till.send_webhook().await);
    let payment = till.payment().await;
    assert_eq!(
        (payment["state"].as_str(), payment["history"].as_array().unwrap().len()),
        (Some("REFUNDED"), 4)
    );
    assert_eq!(till.rows(TABLE).await[0]["processedWebhooks"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn the_sample_event_is_from_long_ago() {
    let till = till().await;
    till.client.invoke(SAMPLE).await.expect(401);
}
