use serde_json::json;
use testkit::faults::{Fault, Rule};

use crate::{CHECKOUT, ORDER, changed, deliver, office, sample, text};

#[tokio::test]
async fn the_sample_checkout_is_somebody_to_write_to() {
    let office = office().await.with_contact().await;
    let rows = office.rows().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(text(&rows[0], "customerId"), testkit::customer_id("swn"));
    assert_eq!(text(&rows[0], "item"), format!("contact#{ORDER}"));
    assert_eq!((text(&rows[0], "firstName"), text(&rows[0], "email")), ("Grace", "name@example.com"));
    let shown = format!("{rows:?}");
    for of_no_use in ["swn", "Hopper", "Harbour", "tok_visa", "sample-"] {
        assert!(!shown.contains(of_no_use), "{of_no_use} in {shown}");
    }
}

#[tokio::test]
async fn a_checkout_that_comes_again_changes_nothing() {
    let office = office().await.with_contact().await;
    let rows = office.rows().await;
    let again = changed(CHECKOUT, "again", |envelope| {
        envelope["detail"]["data"]["recipient"]["email"] = json!("other@example.com");
    });
    assert!(deliver(&office.contacts, &[again]).await.is_empty());
    assert_eq!(office.rows().await, rows);
}

#[tokio::test]
async fn unreadable_checkouts_are_never_acknowledged_and_the_rest_does_not_wait() {
    let office = office().await;
    let messages = [
        json!({ "messageId": "poison", "body": "{" }),
        changed(CHECKOUT, "wrong-total", |envelope| {
            envelope["detail"]["data"]["totalPrice"] = json!(1);
        }),
        changed(CHECKOUT, "newer", |envelope| envelope["detail"]["data"]["giftWrap"] = json!(true)),
    ];
    assert_eq!(deliver(&office.contacts, &messages).await, ["poison", "wrong-total"]);
    assert_eq!(office.rows().await.len(), 1);
}

#[tokio::test]
async fn a_contact_that_cannot_be_kept_comes_again() {
    let office = office().await;
    office.faults.add(Rule::new(Fault::ServerError).on("TransactWriteItems"));
    assert!(!deliver(&office.contacts, &[sample(CHECKOUT)]).await.is_empty());
    office.faults.clear();
    office.faults.add(Rule::new(Fault::CapacityExceeded).on("TransactWriteItems").times(1));
    assert!(deliver(&office.contacts, &[sample(CHECKOUT)]).await.is_empty());
    assert_eq!(office.rows().await.len(), 1);
}
