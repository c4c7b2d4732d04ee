//! Handling of charge commands.

use serde_json::json;

use crate::{CHARGE, TABLE, changed, charge_by, till};

#[tokio::test]
async fn an_order_is_charged() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    let payment = till.payment().await;
    assert_eq!(payment["state"], "SETTLED");
    assert_eq!((payment["amount"].to_string().as_str(), &payment["currency"]), ("19.9", &json!("USD")));
    let states: Vec<_> =
        payment["history"].as_array().unwrap().iter().map(|change| &change["state"]).collect();
    assert_eq!(states, ["PENDING", "SETTLED"]);
    assert_eq!(till.charges().await, ["settled"]);
}

#[tokio::test]
async fn a_charge_that_is_declined_says_why() {
    for (token, reason) in [
        (Some("tok_declined"), "DECLINED"),
        (Some("tok_insufficient_funds"), "INSUFFICIENT_FUNDS"),
        (Some("tok_of_nobody"), "UNKNOWN_TOKEN"),
        (None, "UNKNOWN_TOKEN"),
    ] {
        let till = till().await;
        assert!(till.ask(&charge_by("CARD", token)).await);
        let payment = till.payment().await;
        assert_eq!(
            (&payment["state"], &payment["reason"]),
            (&json!("DECLINED"), &json!(reason)),
            "{token:?}"
        );
        assert_eq!(till.charges().await.len(), usize::from(token.is_some()));
    }
}

#[tokio::test]
async fn an_invoice_is_settled_and_nobody_is_charged() {
    let till = till().await;
    assert!(till.ask(&charge_by("INVOICE", None)).await);
    assert_eq!(till.state().await, "SETTLED");
    assert!(till.charges().await.is_empty());
}

#[tokio::test]
async fn a_charge_that_is_asked_for_again_changes_nothing() {
    for token in ["tok_visa", "tok_declined", "tok_delayed"] {
        let till = till().await;
        let command = charge_by("CARD", Some(token));
        assert!(till.ask(&command).await);
        let (rows, charges) = (till.rows(TABLE).await, till.rows("PROVIDER_TABLE").await);
        for _ in 0..3 {
            assert!(till.ask(&command).await);
        }
        assert_eq!(till.rows(TABLE).await, rows);
        assert_eq!(till.rows("PROVIDER_TABLE").await, charges);
    }
}

#[tokio::test]
async fn a_provider_that_answers_late_or_stumbles_is_asked_again_at_once() {
    for token in ["tok_timeout", "tok_flaky"] {
        let till = till().await;
        assert!(till.ask(&charge_by("CARD", Some(token))).await, "{token}");
        assert_eq!(till.state().await, "SETTLED");
        assert_eq!(till.charges().await, ["settled"]);
    }
}

#[tokio::test]
async fn a_charge_that_takes_its_time_is_settled_when_the_provider_tells() {
    let till = till().await;
    assert!(till.ask(&charge_by("PAYPAL", Some("tok_delayed"))).await);
    assert_eq!(till.state().await, "PENDING");
    assert!(till.send_webhook().await);
    assert_eq!(till.state().await, "SETTLED");
}

#[tokio::test]
async fn a_command_that_comes_again_asks_what_became_of_an_open_charge() {
    let till = till().await;
    let command = charge_by("CARD", Some("tok_delayed"));
    assert!(till.ask(&command).await);
    // The webhook is lost: the charge settles, but the service is not notified.
    till.faults.add(testkit::faults::Rule::new(testkit::faults::Fault::Refuse));
    assert!(!till.send_webhook().await);
    till.faults.clear();
    assert!(till.ask(&command).await);
    assert_eq!(till.state().await, "SETTLED");
}

#[tokio::test]
async fn no_token_and_nobody_is_in_the_table() {
    let till = till().await;
    assert!(till.ask(&charge_by("CARD", Some("tok_delayed"))).await);
    let rows = format!("{:?}{:?}", till.rows(TABLE).await, till.rows("PROVIDER_TABLE").await);
    assert!(!rows.contains("tok_"), "{rows}");
}

#[tokio::test]
async fn a_command_that_makes_no_sense_is_not_acknowledged() {
    let till = till().await;
    for command in [
        changed(CHARGE, |data| data["amount"] = json!(-1)),
        changed(CHARGE, |data| data["amount"] = serde_json::from_str("19.901").unwrap()),
        changed(CHARGE, |data| data["orderId"] = json!("1")),
        changed(CHARGE, |data| data["payment"] = json!({})),
    ] {
        assert!(!till.ask(&command).await, "{command}");
    }
    assert!(till.rows(TABLE).await.is_empty());
    // A command that contradicts the first is ignored.
    assert!(till.ask(CHARGE).await);
    let payment = till.payment().await;
    assert!(!till.ask(&changed(CHARGE, |data| data["amount"] = json!(20))).await);
    assert_eq!(till.payment().await, payment);
}
