//! Payments when calls to AWS or the provider fail. An unacknowledged command is redelivered.

use domain::Timestamp;
use payment::payment::{PaymentState, Refund};
use payment::store::PaymentStore;
use testkit::faults::{Fault, Rule, UNTIL_RELEASED};

use crate::{CHARGE, ORDER, REFUND, TABLE, till};

#[tokio::test]
async fn a_provider_that_is_down_leaves_the_charge_on_the_queue() {
    for fault in [Fault::Refuse, Fault::ServerError] {
        let till = till().await;
        till.line.add(Rule::new(fault));
        assert!(!till.ask(CHARGE).await, "{fault:?}");
        assert_eq!(till.state().await, "PENDING", "the intent is kept");
        assert!(till.charges().await.is_empty());
        till.line.clear();
        assert!(till.ask(CHARGE).await);
        assert_eq!((till.state().await.as_str(), till.charges().await.len()), ("SETTLED", 1));
    }
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_is_made_once() {
    let till = till().await;
    // Both attempts of the first delivery fail, so the provider has charged but the service has no
    // result.
    till.line.add(Rule::new(Fault::LoseAnswer).times(2));
    assert!(!till.ask(CHARGE).await);
    assert_eq!((till.state().await.as_str(), till.charges().await.len()), ("PENDING", 1));
    assert!(till.ask(CHARGE).await);
    assert_eq!((till.state().await.as_str(), till.charges().await.len()), ("SETTLED", 1));
}

#[tokio::test]
async fn a_charge_that_the_provider_is_slow_about_is_made_once() {
    let till = till().await;
    till.line.add(Rule::new(Fault::Delay(UNTIL_RELEASED)).times(1));
    assert!(till.ask(CHARGE).await);
    // Also when the first call completes at last.
    till.line.release_delayed().await;
    assert_eq!((till.state().await.as_str(), till.charges().await), ("SETTLED", vec!["settled".to_owned()]));
}

#[tokio::test]
async fn a_charge_that_could_not_be_noted_is_noted_by_the_next_delivery() {
    let till = till().await;
    // The intent is the first write. Its outcome is the second, which is attempted three times.
    till.faults.add(Rule::new(Fault::Refuse).on("PutItem").after(1).times(3));
    assert!(!till.ask(CHARGE).await);
    assert_eq!((till.state().await.as_str(), till.charges().await.len()), ("PENDING", 1));
    assert!(till.ask(CHARGE).await);
    assert_eq!((till.state().await.as_str(), till.charges().await.len()), ("SETTLED", 1));
}

#[tokio::test]
async fn charges_wait_for_their_stored_intent() {
    let till = till().await;
    till.faults.add(Rule::new(Fault::Refuse).on("PutItem"));
    assert!(!till.ask(CHARGE).await);
    assert_eq!(till.line.calls("POST /v1"), 0);
}

#[tokio::test]
async fn writes_whose_answers_are_lost_are_made_once() {
    let till = till().await;
    till.faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(1));
    till.faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").after(1).times(1));
    assert!(till.ask(CHARGE).await);
    let payment = till.payment().await;
    assert_eq!((&payment["state"], payment["history"].as_array().unwrap().len()), (&"SETTLED".into(), 2));
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_made_once() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    till.line.add(Rule::new(Fault::LoseAnswer).times(2));
    assert!(!till.ask(REFUND).await);
    assert_eq!(
        (till.state().await.as_str(), till.charges().await),
        ("REFUNDING", vec!["refunded".to_owned()])
    );
    // Meanwhile the charge command is redelivered and has nothing to do.
    assert!(till.ask(CHARGE).await);
    assert!(till.ask(REFUND).await);
    let payment = till.payment().await;
    assert_eq!(
        (payment["state"].as_str(), payment["refunded"].to_string().as_str()),
        (Some("REFUNDED"), "19.9")
    );
}

#[tokio::test]
async fn a_charge_that_nobody_heard_of_goes_back_all_the_same() {
    let till = till().await;
    till.line.add(Rule::new(Fault::LoseAnswer).times(2));
    assert!(!till.ask(CHARGE).await);
    assert!(till.ask(REFUND).await);
    assert_eq!(till.payment().await["refunded"].to_string(), "19.9");
    assert_eq!(till.charges().await, ["refunded"]);
    // The redelivered charge command is too late.
    assert!(till.ask(CHARGE).await);
    assert_eq!(
        (till.state().await.as_str(), till.charges().await),
        ("REFUNDED", vec!["refunded".to_owned()])
    );
}

#[tokio::test]
async fn a_charge_that_gets_through_after_its_refund_is_not_made() {
    let till = till().await;
    // The request is sent, but delayed on the way.
    till.line.add(Rule::new(Fault::Refuse).times(1));
    till.line.add(Rule::new(Fault::Delay(UNTIL_RELEASED)).times(1));
    assert!(!till.ask(CHARGE).await);
    assert!(till.ask(REFUND).await);
    assert_eq!(till.state().await, "REFUNDED");
    till.line.release_delayed().await;
    assert_eq!(till.charges().await, ["canceled"]);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_made_again_over_a_later_one() {
    let till = till().await;
    assert!(till.ask(CHARGE).await);
    let faulty = PaymentStore::new(till.account.behind(&till.faults).known_table(TABLE));
    let there = PaymentStore::new(till.account.known_table(TABLE));
    let payment = there.get(ORDER.parse().unwrap()).await.unwrap().unwrap();
    let call = faulty.change(payment.clone(), |payment| payment.cancel(Timestamp::now()));
    let given_back = async {
        let asked = there.get(payment.order_id).await.unwrap().unwrap();
        let price = asked.price;
        let (_, given_back) =
            there.change(asked, |payment| payment.gave_back(price, Timestamp::now())).await.unwrap();
        given_back.unwrap();
    };
    let (now, refund) = till.faults.meanwhile("PutItem", call, given_back).await.unwrap();
    assert_eq!(refund, Refund::ToBeAsked, "what this change has found");
    assert_eq!(now.state, PaymentState::Refunded, "what others have made of it since");
    // A repeated change would request the same refund, and publish it, a second time.
    assert_eq!(there.get(payment.order_id).await.unwrap(), Some(now.clone()));
    assert_eq!((now.asked_at, now.history.len()), (None, 4));
}
