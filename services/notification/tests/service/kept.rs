//! Mails of a shop that stores them instead of sending them.

use std::collections::BTreeSet;

use serde_json::json;
use testkit::faults::{Fault, Rule};

use crate::{ORDER, PAID, changed, deliver, office, order_event, sample, text};

const EVENTS: [&str; 6] =
    ["OrderPlaced", "OrderPaid", "OrderShipped", "OrderDelivered", "OrderRejected", "OrderCancelled"];

#[tokio::test]
async fn the_sample_event_becomes_a_mail_to_whom_the_checkout_named() {
    let office = office().await.with_contact().await;
    assert!(office.handle(sample(PAID)).await);
    let mail = office.mail().await;
    assert_eq!(text(&mail, "to"), "name@example.com");
    assert_eq!(text(&mail, "subject"), format!("Your order is paid: {ORDER}"));
    assert_eq!((text(&mail, "orderId"), text(&mail, "occasion")), (ORDER, "PAID"));
    assert_eq!((text(&mail, "status"), text(&mail, "at")), ("KEPT", "2026-01-31T12:02:00.000Z"));
    assert!(text(&mail, "text").starts_with("Hello Grace,\n"));
    assert!(text(&mail, "html").contains("<p>Hello Grace,</p>"));
    assert_eq!(office.sent().await.to_string(), "0");
}

#[tokio::test]
async fn each_event_is_a_mail_of_its_own_and_is_so_once_however_often_and_in_whatever_order_it_comes() {
    let office = office().await.with_contact().await;
    let messages: Vec<_> =
        EVENTS.into_iter().zip(0..).map(|(name, number)| order_event(name, number)).collect();
    let backwards: Vec<_> = messages.iter().rev().cloned().collect();
    for batch in [backwards, messages] {
        assert_eq!(deliver(&office.mails, &batch).await, Vec::<String>::new());
        let subjects: BTreeSet<_> =
            office.rows_of("mail#").await.iter().map(|mail| text(mail, "subject").to_owned()).collect();
        assert_eq!(subjects.len(), EVENTS.len());
        assert_eq!(office.rows_of("mail#").await.len(), EVENTS.len());
    }
}

#[tokio::test]
async fn orders_of_erased_customers_get_no_mail() {
    let office = office().await.with_contact().await;
    let of_nobody = changed(PAID, "erased", |envelope| {
        envelope["detail"]["data"]["customerId"] = json!("00000000-0000-0000-0000-000000000000");
        envelope["detail"]["data"]["userName"] = json!("erased");
    });
    assert!(office.handle(of_nobody).await);
    assert_eq!(office.rows_of("mail#").await, []);
}

#[tokio::test]
async fn an_older_and_a_newer_version_of_an_event_are_understood() {
    let office = office().await.with_contact().await;
    let newer = changed(PAID, "newer", |envelope| {
        envelope["id"] = json!("0f1e2d3c-0000-4000-8000-000000000001");
        envelope["detail"]["metadata"]["version"] = json!(2);
        envelope["detail"]["data"]["paidWith"] = json!("CARD");
    });
    assert!(office.handle(newer).await);
    assert_eq!(text(&office.mail().await, "occasion"), "PAID");
}

#[tokio::test]
async fn unreadable_events_are_never_acknowledged_and_the_rest_does_not_wait() {
    let office = office().await.with_contact().await;
    let messages = [
        json!({ "messageId": "poison", "body": "{" }),
        // From a subscription without raw delivery.
        json!({ "messageId": "wrapped", "body": json!({ "Type": "Notification", "Message": "{}" }).to_string() }),
        changed(PAID, "other", |envelope| envelope["detail-type"] = json!("OrderCancellationRequested")),
        changed(PAID, "no-order", |envelope| envelope["detail"]["data"]["orderId"] = json!("1")),
        order_event("OrderShipped", 1),
    ];
    assert_eq!(deliver(&office.mails, &messages).await, ["poison", "wrapped", "other", "no-order"]);
    assert_eq!(text(&office.mail().await, "occasion"), "SHIPPED");
}

#[tokio::test]
async fn a_mail_that_cannot_be_kept_comes_again_and_is_kept_once() {
    for operation in ["GetItem", "PutItem"] {
        let office = office().await.with_contact().await;
        office.faults.add(Rule::new(Fault::ServerError).on(operation));
        assert!(!office.handle(sample(PAID)).await, "{operation}");
        office.faults.clear();
        office.faults.add(Rule::new(Fault::LoseAnswer).on(operation).times(1));
        assert!(office.handle(sample(PAID)).await, "{operation}");
        office.mail().await;
    }
}

#[tokio::test]
async fn a_mail_about_two_lines_of_an_order_that_goes_well_takes_one_write_unit() {
    let office = office().await.with_contact().await;
    let messages: Vec<_> =
        EVENTS[..4].iter().zip(0..).map(|(name, number)| order_event(name, number)).collect();
    assert!(deliver(&office.mails, &messages).await.is_empty());
    for mail in office.rows_of("mail#").await {
        // The item size as DynamoDB calculates it, without the few bytes of its numbers.
        let bytes = mail.iter().map(|(name, value)| {
            name.len() + value.as_s().map_or_else(|_| value.as_n().unwrap().len(), String::len)
        });
        let bytes: usize = bytes.sum();
        assert!(bytes <= 1024, "{}: {bytes}", text(&mail, "occasion"));
    }
}
