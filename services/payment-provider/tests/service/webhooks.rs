use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use lambdakit::signature::SigningKey;
use serde_json::{Value, json};

use crate::{Bank, SECRET, bank, id};

const SAMPLE: &str = include_str!("../../events/payment-provider-webhooks.json");

/// Tells what is due next.
async fn told(bank: &Bank) -> Value {
    assert!(bank.tell(&bank.message().await).await);
    bank.shop.heard().pop().unwrap()
}

#[tokio::test]
async fn whatever_becomes_of_a_charge_is_told() {
    let bank = bank().await;
    let charge = bank.charge("key", "tok_visa").await.expect(201);
    let settled = told(&bank).await;
    assert_eq!((&settled["type"], &settled["data"]), (&json!("charge.settled"), &charge.body));
    bank.refund(json!({ "charge": id(&charge) })).await.expect(201);
    let refunded = told(&bank).await;
    assert_eq!(refunded["type"], "charge.refunded");
    assert_eq!(refunded["data"]["amountRefunded"], 1990);
    assert_ne!(refunded["id"], settled["id"]);
    bank.charge("other", "tok_declined").await.expect(402);
    let declined = told(&bank).await;
    assert_eq!(
        (&declined["type"], &declined["data"]["failureCode"]),
        (&json!("charge.declined"), &json!("card_declined"))
    );
}

#[tokio::test]
async fn a_webhook_is_signed_when_it_is_sent() {
    let bank = bank().await;
    bank.charge("key", "tok_visa").await.expect(201);
    told(&bank).await;
    let (body, signature) = bank.shop.heard.lock().unwrap().pop().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(SigningKey::new(SECRET).unwrap().verify(&signature, body.as_bytes(), now), Ok(()));
}

#[tokio::test]
async fn a_webhook_that_is_not_taken_comes_again_as_the_same_event() {
    let bank = bank().await;
    bank.charge("key", "tok_visa").await.expect(201);
    let message = bank.message().await;
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND, StatusCode::FOUND] {
        bank.shop.answer(status);
        assert!(!bank.tell(&message).await, "{status}");
    }
    bank.shop.answer(StatusCode::NO_CONTENT);
    assert!(bank.tell(&message).await);
    let heard = bank.shop.heard();
    assert_eq!(heard.len(), 4);
    assert!(heard.iter().all(|webhook| webhook["id"] == heard[0]["id"]));
}

#[tokio::test]
async fn a_charge_that_takes_its_time_settles_by_a_webhook() {
    let bank = bank().await;
    let begun = std::time::Instant::now();
    let charge = bank.charge("key", "tok_delayed").await.expect(202);
    let message = bank.message().await;
    assert!(begun.elapsed().as_secs() >= 1, "it was put off");
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body["status"], "pending");
    assert!(bank.tell(&message).await);
    assert_eq!(bank.shop.heard()[0]["type"], "charge.settled");
    assert_eq!(bank.shop.heard()[0]["data"]["status"], "settled");
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body["status"], "settled");
}

#[tokio::test]
async fn of_a_charge_that_was_called_off_meanwhile_nothing_is_told() {
    let bank = bank().await;
    let charge = bank.charge("key", "tok_delayed").await.expect(202);
    bank.refund(json!({ "charge": id(&charge) })).await.expect(201);
    assert!(bank.tell(&bank.message().await).await);
    assert!(bank.shop.heard().is_empty());
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body["status"], "canceled");
}

#[tokio::test]
async fn the_sample_event_is_understood_and_about_a_charge_that_has_expired() {
    let bank = bank().await;
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    assert!(bank.tell(&sample["Records"][0]).await);
    assert!(bank.shop.heard().is_empty());
    assert!(!bank.tell(&json!({ "messageId": "poison", "body": "{" })).await);
}
