use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{Bank, SECRETS, bank, id};

const SAMPLE: &str = include_str!("../../events/payment-sandbox-webhooks.json");

/// Sends the next due webhook and returns it.
async fn sent_webhook(bank: &Bank) -> Value {
    assert!(bank.handle(&bank.bus.next().await).await);
    bank.shop.webhooks().pop().unwrap()
}

#[tokio::test]
async fn each_outcome_of_a_charge_is_sent_as_a_webhook() {
    let bank = bank().await;
    let charge = bank.charge("key", "tok_visa").await.expect(201);
    let settled = sent_webhook(&bank).await;
    assert_eq!((&settled["type"], &settled["data"]), (&json!("charge.settled"), &charge.body));
    bank.refund(json!({ "charge": id(&charge) })).await.expect(201);
    let refunded = sent_webhook(&bank).await;
    assert_eq!(refunded["type"], "charge.refunded");
    assert_eq!(refunded["data"]["amountRefunded"], 1990);
    let ids = bank.shop.ids();
    assert_ne!(ids[0], ids[1]);
    bank.charge("other", "tok_declined").await.expect(402);
    let declined = sent_webhook(&bank).await;
    assert_eq!(
        (&declined["type"], &declined["data"]["failureCode"]),
        (&json!("charge.declined"), &json!("card_declined"))
    );
}

#[tokio::test]
async fn webhooks_are_signed_with_each_secret_when_they_are_sent() {
    let bank = bank().await;
    bank.charge("key", "tok_visa").await.expect(201);
    sent_webhook(&bank).await;
    let (body, headers) = bank.shop.webhooks.lock().unwrap().pop().unwrap();
    for secret in SECRETS.split(' ') {
        let receiver = standardwebhooks::Webhook::new(secret).unwrap();
        receiver.verify(body.as_bytes(), &headers).unwrap();
    }
    let stranger = standardwebhooks::Webhook::new("whsec_dGhlIHNlY3JldCBvZiBzb21lYm9keSBlbHNl").unwrap();
    assert!(stranger.verify(body.as_bytes(), &headers).is_err());
    assert!(headers["user-agent"].to_str().unwrap().starts_with("lambdakit/"));
    let webhook: Value = serde_json::from_str(&body).unwrap();
    assert!(webhook["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn refunds_are_told_by_the_amount_that_has_gone_back_in_all() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    sent_webhook(&bank).await;
    for (key, amount) in [("first", 100), ("second", 400)] {
        bank.refund_part(key, &charge, amount).await.expect(201);
    }
    bank.refund(json!({ "charge": charge })).await.expect(201);
    // Each webhook shows its own refund, although later ones exist. The queue keeps no order.
    let mut refunds = Vec::new();
    for _ in 0..3 {
        let webhook = sent_webhook(&bank).await;
        assert_eq!(webhook["type"], "charge.refunded");
        refunds
            .push((webhook["data"]["amountRefunded"].as_u64().unwrap(), webhook["data"]["status"].clone()));
    }
    refunds.sort_by_key(|(amount, _)| *amount);
    assert_eq!(refunds, [(100, json!("settled")), (500, json!("settled")), (1990, json!("refunded"))]);
    let mut ids = bank.shop.ids();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn a_webhook_that_is_not_taken_comes_again_as_the_same_event() {
    let bank = bank().await;
    bank.charge("key", "tok_visa").await.expect(201);
    let event = bank.bus.next().await;
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND, StatusCode::FOUND] {
        bank.shop.answer(status);
        assert!(!bank.handle(&event).await, "{status}");
    }
    bank.shop.answer(StatusCode::NO_CONTENT);
    assert!(bank.handle(&event).await);
    let ids = bank.shop.ids();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[tokio::test]
async fn a_charge_that_takes_its_time_settles_by_a_webhook() {
    let bank = bank().await;
    let begun = std::time::Instant::now();
    let charge = bank.charge("key", "tok_delayed").await.expect(202);
    let event = bank.bus.next().await;
    assert!(begun.elapsed().as_secs() >= 1, "it was put off");
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body["status"], "pending");
    assert!(bank.handle(&event).await);
    assert_eq!(bank.shop.webhooks()[0]["type"], "charge.settled");
    assert_eq!(bank.shop.webhooks()[0]["data"]["status"], "settled");
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body["status"], "settled");
}

#[tokio::test]
async fn charges_cancelled_meanwhile_send_no_webhook() {
    let bank = bank().await;
    let charge = bank.charge("key", "tok_delayed").await.expect(202);
    bank.refund(json!({ "charge": id(&charge) })).await.expect(201);
    assert!(bank.handle(&bank.bus.next().await).await);
    assert!(bank.shop.webhooks().is_empty());
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body["status"], "canceled");
}

#[tokio::test]
async fn the_sample_event_is_understood_and_about_a_charge_that_has_expired() {
    let bank = bank().await;
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    assert!(bank.handle(&sample).await);
    assert!(bank.shop.webhooks().is_empty());
    let poison = json!({ "detail-type": "WebhookDue", "source": "shop.payment-sandbox", "detail": {} });
    assert!(!bank.handle(&poison).await);
}
