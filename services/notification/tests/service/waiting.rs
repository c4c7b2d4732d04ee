//! Mails whose order event precedes its checkout: they wait for the contact, and not for a retry.

use std::time::Duration;

use testkit::customer_id;
use testkit::faults::{Fault, Rule};

use crate::{
    CHECKOUT, ORDER, Office, PAID, TABLE, deliver, office, order_event, sample, sending_office, string, text,
};

impl Office {
    /// Delivers the checkout of the samples and returns whether it was acknowledged.
    async fn check_out(&self) -> bool {
        deliver(&self.contacts, &[sample(CHECKOUT)]).await.is_empty()
    }

    /// Whether a notice waits for the contact of the samples.
    async fn has_waiting(&self) -> bool {
        self.rows_of("contact#").await.iter().any(|row| row.contains_key("waiting"))
    }
}

#[tokio::test]
async fn an_event_that_precedes_its_checkout_is_acknowledged_and_its_mail_is_written_with_the_contact() {
    let office = office().await;
    for event in
        [order_event("OrderPlaced", 1), order_event("OrderPlaced", 1), order_event("OrderRejected", 2)]
    {
        assert!(office.handle(event).await);
    }
    assert_eq!(office.rows_of("mail#").await, []);
    let waiting = office.rows_of("contact#").await;
    assert_eq!((waiting.len(), waiting[0]["waiting"].as_ss().unwrap().len()), (1, 2));
    for _ in 0..2 {
        assert!(office.check_out().await);
        let mut mails: Vec<_> =
            office.rows_of("mail#").await.iter().map(|mail| text(mail, "subject").to_owned()).collect();
        mails.sort();
        assert_eq!(
            mails,
            [format!("We could not take your order: {ORDER}"), format!("We have your order: {ORDER}")]
        );
        assert!(!office.has_waiting().await);
    }
    assert!(office.handle(order_event("OrderPaid", 3)).await);
    assert_eq!(office.rows_of("mail#").await.len(), 3);
}

#[tokio::test]
async fn a_mail_that_waited_is_sent_once() {
    let office = sending_office().await;
    assert!(office.handle(sample(PAID)).await);
    assert_eq!(office.sent().await.to_string(), "0");
    for _ in 0..2 {
        assert!(office.check_out().await);
        assert_eq!(text(&office.mail().await, "status"), "SENT");
        assert_eq!(office.sent().await.to_string(), "1");
    }
}

#[tokio::test]
async fn a_mail_that_waited_and_cannot_be_written_is_written_when_the_checkout_is_redelivered() {
    // The second `GetItem` is the mail's; the second `PutItem` forgets the notices.
    for (operation, calls) in
        [("GetItem", 0), ("GetItem", 1), ("PutItem", 0), ("PutItem", 1), ("TransactWriteItems", 1)]
    {
        let office = office().await;
        assert!(office.handle(sample(PAID)).await);
        let done = office.faults.calls(operation);
        office.faults.add(Rule::new(Fault::ServerError).on(operation).after(calls));
        assert!(!office.check_out().await, "{operation} {calls}");
        assert!(office.faults.calls(operation) > done + calls, "{operation} {calls}");
        office.faults.clear();
        assert!(office.check_out().await, "{operation} {calls}");
        assert_eq!(text(&office.mail().await, "occasion"), "PAID");
        assert!(!office.has_waiting().await, "{operation} {calls}");
    }
}

#[tokio::test]
async fn an_event_and_its_checkout_at_the_same_time_are_one_mail() {
    for _ in 0..10 {
        let office = office().await;
        let (handled, _) = tokio::join!(office.handle(sample(PAID)), office.check_out());
        // Whichever was refused by the other is redelivered.
        assert!(office.check_out().await);
        assert!(handled || office.handle(sample(PAID)).await);
        assert_eq!(text(&office.mail().await, "occasion"), "PAID");
        assert!(!office.has_waiting().await);
    }
}

#[tokio::test]
async fn an_event_whose_checkout_arrives_before_it_waits_is_redelivered() {
    let office = office().await;
    office.faults.add(Rule::new(Fault::Delay(Duration::from_millis(1400))).on("TransactWriteItems").times(1));
    let (handled, checked_out) = tokio::join!(office.handle(sample(PAID)), async {
        while office.faults.calls("TransactWriteItems") < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        office.check_out().await
    });
    assert!(!handled && checked_out);
    assert!(office.handle(sample(PAID)).await);
    assert_eq!(text(&office.mail().await, "occasion"), "PAID");
}

#[tokio::test]
async fn notices_of_erased_customers_write_no_mail() {
    let office = office().await;
    assert!(office.handle(sample(PAID)).await);
    // The tombstone is there, and the rows are not removed yet.
    let erased = office.dynamodb.put_item().table_name(TABLE).item("customerId", string(&customer_id("swn")));
    erased.item("item", string("erased")).item("erasedAt", string("now")).send().await.unwrap();
    assert!(office.check_out().await);
    assert_eq!(office.rows_of("mail#").await, []);
    assert!(office.handle(order_event("OrderShipped", 1)).await);
    assert_eq!(office.rows_of("mail#").await, []);
}
