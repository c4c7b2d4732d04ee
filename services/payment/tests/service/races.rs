//! Payments under concurrent commands and webhooks.

use futures::future::{join, join_all};

use crate::{CHARGE, REFUND, changed, till};

#[tokio::test]
async fn deliveries_of_one_charge_at_once_make_one_charge() {
    let till = till().await;
    let done = join_all((0..5).map(|_| till.ask(CHARGE))).await;
    assert_eq!(done, [true; 5]);
    let payment = till.payment().await;
    assert_eq!((&payment["state"], payment["history"].as_array().unwrap().len()), (&"SETTLED".into(), 2));
    assert_eq!(till.charges().await, ["settled"]);
}

#[tokio::test]
async fn deliveries_of_one_refund_at_once_make_one_refund() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    let done = join_all((0..5).map(|_| till.ask(REFUND))).await;
    assert_eq!(done, [true; 5]);
    let payment = till.payment().await;
    assert_eq!((&payment["state"], payment["history"].as_array().unwrap().len()), (&"REFUNDED".into(), 4));
    assert_eq!(till.charges().await, ["refunded"]);
}

#[tokio::test]
async fn a_charge_and_its_refund_at_once_leave_nothing_charged() {
    let till = till().await;
    for number in 0..10 {
        let of_order = |sample| {
            let id = format!("019c1431-2e60-7000-8000-0000000001{number:02}");
            changed(sample, |data| data["orderId"] = id.into())
        };
        let (charge, refund) = (of_order(CHARGE), of_order(REFUND));
        assert_eq!(join(till.ask(&charge), till.ask(&refund)).await, (true, true));
    }
    let rows = till.rows(crate::TABLE).await;
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row["state"] == "REFUNDED"), "{rows:?}");
    let charges = till.charges().await;
    assert!(charges.iter().all(|status| ["refunded", "canceled"].contains(&&**status)), "{charges:?}");
}

#[tokio::test]
async fn a_webhook_may_come_before_the_answer_that_it_tells() {
    let till = till().await;
    let command = crate::charge_by("CARD", Some("tok_timeout"));
    let (done, accepted) = join(till.ask(&command), till.send_webhook()).await;
    assert!(done && accepted);
    let payment = till.payment().await;
    assert_eq!((&payment["state"], payment["history"].as_array().unwrap().len()), (&"SETTLED".into(), 2));
}
