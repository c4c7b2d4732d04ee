use futures::future::join;
use serde_json::json;

use crate::{bank, id};

#[tokio::test]
async fn a_charge_goes_back_once() {
    let bank = bank().await;
    let charge = id(&bank.charge("key", "tok_visa").await.expect(201));
    let refund = bank.refund(json!({ "charge": charge })).await.expect(201).body;
    assert_eq!((&refund["amount"], &refund["currency"]), (&json!(1990), &json!("USD")));
    // By either name, and as often as one likes.
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
async fn of_what_was_not_charged_nothing_goes_back() {
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
async fn what_is_no_refund_is_refused() {
    let bank = bank().await;
    bank.refund(json!({ "charge": "ch_of_nobody" })).await.expect(404);
    for body in [json!({}), json!({ "charge": 1 }), json!("ch_1"), json!({ "order": "order-1" })] {
        assert_eq!(bank.refund(body).await.expect(400).body["error"]["code"], "invalid_request");
    }
}
