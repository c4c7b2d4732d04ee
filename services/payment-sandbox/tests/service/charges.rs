use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use testkit::faults::{Fault, Rule};

use crate::{bank, id};

const SAMPLE: &str = include_str!("../../events/payment-sandbox-api.json");

#[tokio::test]
async fn each_token_does_what_it_is_there_for() {
    let bank = bank().await;
    let settled = bank.charge("settled", "tok_visa").await.expect(201).body;
    assert_eq!((&settled["status"], &settled["amount"]), (&json!("settled"), &json!(1990)));
    assert_eq!(settled["reference"], "order-1");
    for (token, code) in [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_of_nobody", "unknown_token"),
    ] {
        let declined = bank.charge(token, token).await.expect(402).body;
        assert_eq!(declined["error"]["code"], code);
        assert_eq!(declined["error"]["charge"]["status"], "declined");
    }
    assert_eq!(bank.charge("delayed", "tok_delayed").await.expect(202).body["status"], "pending");
}

#[tokio::test]
async fn a_charge_that_is_asked_for_again_is_the_same_charge() {
    let bank = bank().await;
    for (token, status) in [("tok_visa", 201), ("tok_declined", 402), ("tok_delayed", 202)] {
        let first = bank.charge(token, token).await.expect(status).body;
        assert_eq!(bank.charge(token, token).await.expect(status).body, first);
    }
    assert_eq!(bank.rows().await.len(), 3);
}

#[tokio::test]
async fn a_key_is_for_one_charge() {
    let bank = bank().await;
    let charge = json!({ "amount": 1990, "currency": "USD", "source": "tok_visa", "reference": "order-1" });
    bank.charge_of("key", &charge).await.expect(201);
    for (field, value) in [
        ("amount", json!(1)),
        ("currency", json!("EUR")),
        ("source", json!("tok_declined")),
        ("reference", json!("order-2")),
    ] {
        let mut other = charge.clone();
        other[field] = value;
        let refused = bank.charge_of("key", &other).await.expect(422).body;
        assert_eq!(refused["error"]["code"], "key_reused", "{field}");
    }
    assert_eq!(bank.rows().await.len(), 1);
}

#[tokio::test]
async fn requests_at_once_make_one_charge() {
    let bank = bank().await;
    let answers = join_all((0..10).map(|_| bank.charge("key", "tok_visa"))).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| id(&answer.expect(201))).collect();
    assert!(ids.iter().all(|one| *one == ids[0]));
    assert_eq!(bank.rows().await.len(), 1);
}

#[tokio::test]
async fn some_charges_are_answered_late_the_first_time() {
    let bank = bank().await;
    // The client times out, but the charge is still made.
    let charge = bank.charge("key", "tok_timeout");
    assert!(tokio::time::timeout(Duration::from_secs(3), charge).await.is_err());
    assert_eq!(bank.rows().await.len(), 1);
    let begun = Instant::now();
    let settled = bank.charge("key", "tok_timeout").await.expect(201).body;
    assert_eq!(settled["status"], "settled");
    assert!(begun.elapsed() < Duration::from_secs(5), "asked again, it is answered at once");
}

#[tokio::test]
async fn some_charges_stumble_once() {
    let bank = bank().await;
    bank.charge("key", "tok_flaky").await.expect(503);
    let settled = bank.charge("key", "tok_flaky").await.expect(201);
    assert_eq!(bank.find(&id(&settled)).await.expect(200).body, settled.body);
}

#[tokio::test]
async fn a_charge_can_be_looked_at_by_its_id() {
    let bank = bank().await;
    let charge = bank.charge("key", "tok_visa").await.expect(201);
    assert_eq!(bank.find(&id(&charge)).await.expect(200).body, charge.body);
    assert_eq!(bank.find("ch_of_nobody").await.expect(404).body["error"]["code"], "unknown_charge");
}

#[tokio::test]
async fn requests_without_the_key_are_refused() {
    let bank = bank().await;
    for (method, path) in [("POST", "/v1/charges"), ("GET", "/v1/charges/ch_1"), ("POST", "/v1/refunds")] {
        for key in ["", "Bearer ", "Bearer sk_tes", "Bearer sk_test2", "sk_test"] {
            let headers = [("authorization", key), ("idempotency-key", "key")];
            let refused = bank.client.send(method, path, &headers, "{}").await.expect(401).body;
            assert_eq!(refused["error"]["code"], "unauthorized");
        }
    }
    assert!(bank.rows().await.is_empty());
}

#[tokio::test]
async fn invalid_charges_are_refused() {
    let bank = bank().await;
    let charge = |amount: i64, reference: &str| json!({ "amount": amount, "currency": "USD", "source": "tok_visa", "reference": reference });
    for body in [json!({}), json!([]), charge(0, "order-1"), charge(-1, "order-1"), charge(1990, "")] {
        assert_eq!(bank.charge_of("key", &body).await.expect(400).body["error"]["code"], "invalid_request");
    }
    // An authorization scheme is case-insensitive, so only the Idempotency-Key is missing.
    let no_key = [("authorization", "bearer  sk_test")];
    bank.client.send("POST", "/v1/charges", &no_key, charge(1990, "order-1")).await.expect(400);
    assert!(bank.rows().await.is_empty());
}

#[tokio::test]
async fn tokens_are_not_kept() {
    let bank = bank().await;
    bank.charge("key", "tok_visa").await.expect(201);
    let rows = bank.rows().await;
    assert!(!rows[0].contains("tok_visa"), "{rows:?}");
}

#[tokio::test]
async fn an_answer_is_not_given_before_its_webhook_waits() {
    let bank = bank().await;
    for (token, call, status) in [("tok_visa", "PutEvents", 201), ("tok_delayed", "POST /schedules", 202)] {
        bank.faults.add(Rule::new(Fault::Refuse).on(call));
        bank.charge(token, token).await.expect(503);
        bank.faults.clear();
        let charge = bank.charge(token, token).await.expect(status);
        let event = bank.bus.next().await;
        assert_eq!(
            (&event["source"], &event["detail-type"]),
            (&json!("shop.payment-sandbox"), &json!("WebhookDue"))
        );
        assert_eq!(event["detail"]["charge"], id(&charge));
    }
    assert_eq!(bank.rows().await.len(), 2);
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_in_the_table_is_made_once() {
    let bank = bank().await;
    bank.faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(1));
    bank.charge("key", "tok_visa").await.expect(201);
    assert_eq!(bank.rows().await.len(), 1);
}

#[tokio::test]
async fn the_sample_event_is_a_charge() {
    let bank = bank().await;
    let sample = SAMPLE.replace("sample-key", "sk_test");
    assert_eq!(bank.client.invoke(&sample).await.expect(201).body["status"], "settled");
}
