use futures::future::{join, join_all};
use serde_json::json;

use crate::{bank, id};

#[tokio::test]
async fn a_charge_goes_back_once() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    let refund = bank.refund(json!({ "charge": charge })).await.expect(201).body;
    assert_eq!((&refund["amount"], &refund["currency"]), (&json!(1990), &json!("USD")));
    // A charge can be named by its id or its key, and repeated requests return the same refund.
    assert_eq!(bank.refund(json!({ "charge": charge })).await.expect(201).body, refund);
    assert_eq!(bank.refund(json!({ "chargeKey": "key" })).await.expect(201).body, refund);
    let charge = bank.find(&charge).await.expect(200).body;
    assert_eq!((&charge["status"], &charge["amountRefunded"]), (&json!("refunded"), &json!(1990)));
}

#[tokio::test]
async fn a_charge_that_is_given_back_before_it_was_asked_for_is_never_made() {
    let bank = bank().await;
    let refund = bank.refund(json!({ "chargeKey": "key" })).await.expect(201).body;
    assert_eq!(refund["amount"], 0);
    assert!(refund.get("currency").is_none());
    let refused = bank.charge("key", "tok_visa").await.expect(402).body;
    assert_eq!(refused["error"]["code"], "charge_canceled");
    assert_eq!(refused["error"]["charge"]["status"], "canceled");
}

#[tokio::test]
async fn uncharged_orders_are_not_refunded() {
    let bank = bank().await;
    for (token, status, stands) in
        [("tok_delayed", 202, "canceled"), ("tok_flaky", 503, "canceled"), ("tok_declined", 402, "declined")]
    {
        bank.charge(token, token).await.expect(status);
        let refund = bank.refund(json!({ "chargeKey": token })).await.expect(201).body;
        assert_eq!(refund["amount"], 0, "{token}");
        let charge = bank.find(refund["charge"].as_str().unwrap()).await.expect(200).body;
        assert_eq!(charge["status"], stands, "{token}");
    }
}

#[tokio::test]
async fn a_charge_and_its_refund_at_once_leave_nothing_charged() {
    let bank = bank().await;
    for number in 0..10 {
        let key = format!("key-{number}");
        let (charge, refund) =
            join(bank.charge(&key, "tok_visa"), bank.refund(json!({ "chargeKey": key }))).await;
        let refund = refund.expect(201).body;
        let stands = bank.find(refund["charge"].as_str().unwrap()).await;
        if charge.status == 201 {
            assert_eq!((&stands.body["status"], &refund["amount"]), (&json!("refunded"), &json!(1990)));
        } else {
            assert_eq!((stands.status.as_u16(), &refund["amount"]), (404, &json!(0)));
        }
    }
}

#[tokio::test]
async fn parts_of_a_charge_go_back_until_nothing_is_left() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    let first = bank.refund_part("first", &charge, 100).await.expect(201).body;
    assert_eq!((&first["amount"], &first["amountRefunded"]), (&json!(100), &json!(100)));
    // A repeated request returns the same refund.
    assert_eq!(bank.refund_part("first", &charge, 100).await.expect(201).body, first);
    let view = bank.find(&charge).await.expect(200).body;
    assert_eq!((&view["status"], &view["amountRefunded"]), (&json!("settled"), &json!(100)));
    let second = bank.refund_part("second", &charge, 400).await.expect(201).body;
    assert_eq!((&second["amount"], &second["amountRefunded"]), (&json!(400), &json!(500)));
    assert_ne!(first["id"], second["id"]);
    // The rest, as the shop requests it.
    let rest = bank.refund(json!({ "chargeKey": "key" })).await.expect(201).body;
    assert_eq!((&rest["amount"], &rest["amountRefunded"]), (&json!(1490), &json!(1990)));
    assert_eq!(bank.refund(json!({ "charge": charge })).await.expect(201).body, rest);
    let view = bank.find(&charge).await.expect(200).body;
    assert_eq!((&view["status"], &view["amountRefunded"]), (&json!("refunded"), &json!(1990)));
}

#[tokio::test]
async fn the_last_part_refunds_the_charge() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    bank.refund_part("first", &charge, 990).await.expect(201);
    bank.refund_part("second", &charge, 1000).await.expect(201);
    assert_eq!(bank.find(&charge).await.expect(200).body["status"], "refunded");
    let nothing_left = bank.refund_part("third", &charge, 1).await.expect(422).body;
    assert_eq!(nothing_left["error"]["code"], "invalid_amount");
    let rest = bank.refund(json!({ "charge": charge })).await.expect(201).body;
    assert_eq!((&rest["amount"], &rest["amountRefunded"]), (&json!(0), &json!(1990)));
}

#[tokio::test]
async fn parts_that_cannot_go_back_are_refused() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    bank.refund_part("first", &charge, 100).await.expect(201);
    for (key, amount, code) in
        [("first", 200, "key_reused"), ("second", 0, "invalid_amount"), ("second", 1891, "invalid_amount")]
    {
        let refused = bank.refund_part(key, &charge, amount).await.expect(422).body;
        assert_eq!(refused["error"]["code"], code, "{key} {amount}");
    }
    for no_amount in [json!(-1), json!(1.5), json!("1")] {
        bank.refund_part("second", &charge, no_amount).await.expect(400);
    }
    // A partial refund needs a key and an existing charge.
    bank.refund(json!({ "charge": charge, "amount": 1 })).await.expect(400);
    bank.refund(json!({ "chargeKey": "key", "amount": 1 })).await.expect(400);
    bank.refund_part("second", "ch_of_nobody", 1).await.expect(404);
    let pending = id(&bank.charge("delayed", "tok_delayed").await.expect(202));
    let refused = bank.refund_part("second", &pending, 1).await.expect(422).body;
    assert_eq!(refused["error"]["code"], "not_charged");
    assert_eq!(bank.find(&charge).await.expect(200).body["amountRefunded"], 100);
}

#[tokio::test]
async fn parts_at_once_are_never_more_than_the_charge() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    let parts = ["first", "second", "third"].map(|key| bank.refund_part(key, &charge, 900));
    let statuses: Vec<_> = join_all(parts).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 2, "{statuses:?}");
    assert_eq!(bank.find(&charge).await.expect(200).body["amountRefunded"], 1800);
}

#[tokio::test]
async fn invalid_refunds_are_refused() {
    let bank = bank().await;
    bank.refund(json!({ "charge": "ch_of_nobody" })).await.expect(404);
    for body in [json!({}), json!({ "charge": 1 }), json!("ch_1"), json!({ "order": "order-1" })] {
        assert_eq!(bank.refund(body).await.expect(400).body["error"]["code"], "invalid_request");
    }
}
