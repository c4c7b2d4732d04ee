//! Mails of a shop that sends them with SES, which has no idempotency key.

use std::iter;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::dynamodb::item::Item;
use testkit::faults::{Fault, Rule, UNTIL_RELEASED};
use uuid::Uuid;

use crate::{Office, PAID, TABLE, deliver, order_event, sample, sending_office, string, text};

/// The request that sends a mail with SES.
const SEND: &str = "POST /v2";

impl Office {
    async fn has_sent(&self, mails: u32) -> bool {
        (self.sent().await - f64::from(mails)).abs() < 0.5
    }

    async fn status(&self) -> String {
        text(&self.mail().await, "status").to_owned()
    }

    /// Ages a claim as if the function that made it had died.
    async fn age(&self, mail: &Item) {
        let update = self.update(mail).update_expression("SET claimedAt = :past");
        update.expression_attribute_values(":past", AttributeValue::N("1".to_owned())).send().await.unwrap();
    }

    /// Claims a mail for another invocation.
    async fn claim_for_another(&self, mail: &Item) {
        let update = self.update(mail).update_expression("SET #status = :sending, claimId = :another");
        let update = update.expression_attribute_names("#status", "status");
        let update = update.expression_attribute_values(":sending", string("SENDING"));
        update
            .expression_attribute_values(":another", string(&Uuid::nil().to_string()))
            .send()
            .await
            .unwrap();
    }

    fn update(&self, mail: &Item) -> UpdateItemFluentBuilder {
        let update = self.dynamodb.update_item().table_name(TABLE);
        update.key("customerId", mail["customerId"].clone()).key("item", mail["item"].clone())
    }
}

#[tokio::test]
async fn a_mail_is_sent_once_and_what_it_says_is_not_kept() {
    let office = sending_office().await.with_contact().await;
    for _ in 0..2 {
        assert!(office.handle(sample(PAID)).await);
    }
    assert!(office.has_sent(1).await);
    let mail = office.mail().await;
    assert_eq!(text(&mail, "status"), "SENT");
    for of_no_use in ["to", "subject", "text", "html"] {
        assert!(!mail.contains_key(of_no_use), "{of_no_use}");
    }
}

#[tokio::test]
async fn two_who_have_the_same_event_in_hand_send_one_mail() {
    let office = sending_office().await.with_contact().await;
    let both = [order_event("OrderPaid", 1), order_event("OrderPaid", 1)];
    let failed = deliver(&office.mails, &both).await;
    assert!(failed.len() < 2, "{failed:?}");
    assert!(office.has_sent(1).await);
    assert_eq!(office.status().await, "SENT");
}

#[tokio::test]
async fn mails_that_ses_refuses_are_sent_again() {
    let office = sending_office().await.with_contact().await;
    office.faults.add(Rule::new(Fault::Throttle).on(SEND));
    for _ in 0..2 {
        assert!(!office.handle(sample(PAID)).await);
        assert_eq!(office.status().await, "REFUSED");
    }
    office.faults.clear();
    assert!(office.handle(sample(PAID)).await);
    assert!(office.has_sent(1).await);
    assert_eq!(office.status().await, "SENT");
}

#[tokio::test]
async fn a_mail_whose_recipient_ses_refuses_is_given_up() {
    for refusal in [
        Fault::Reject("BadRequestException", "Domain contains illegal character"),
        Fault::Reject("MessageRejected", "Email address is not verified: name@example.com"),
    ] {
        let office = sending_office().await.with_contact().await;
        office.faults.add(Rule::new(refusal).on(SEND));
        for _ in 0..2 {
            assert!(office.handle(sample(PAID)).await, "it does not become a dead letter");
            assert_eq!(office.status().await, "UNDELIVERABLE");
        }
        assert_eq!(office.faults.calls(SEND), 1, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_mail_whose_sender_ses_refuses_is_tried_again() {
    for refusal in [
        Fault::Reject("BadRequestException", "Illegal address: shop@example.com"),
        Fault::Reject("MessageRejected", "Email address is not verified: shop@example.com, name@example.com"),
        Fault::Reject("SendingPausedException", "Email sending is paused"),
        Fault::Reject("LimitExceededException", "Daily message quota exceeded"),
        Fault::Reject("AccountSuspendedException", "The account is suspended"),
        Fault::Reject("MailFromDomainNotVerifiedException", "not verified"),
        Fault::Reject("TooManyRequestsException", "Maximum sending rate exceeded"),
    ] {
        let office = sending_office().await.with_contact().await;
        office.faults.add(Rule::new(refusal).on(SEND));
        assert!(!office.handle(sample(PAID)).await, "{refusal:?}");
        assert_eq!(office.status().await, "REFUSED", "{refusal:?}");
        office.faults.clear();
        assert!(office.handle(sample(PAID)).await);
        assert_eq!(office.status().await, "SENT", "{refusal:?}");
    }
}

#[tokio::test]
async fn a_mail_that_never_left_for_ses_is_tried_again() {
    // A closed port, an unknown host name, a connection that is not accepted, and a server without
    // TLS.
    let (closed, full) = (closed_port(), FullPort::new());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for endpoint in [
        format!("http://{closed}"),
        "http://nowhere.invalid".to_owned(),
        format!("http://{}", full.address),
        format!("https://{}", silent.local_addr().unwrap()),
    ] {
        let office = sending_office().await.with_contact().await;
        let unreachable = office.with_ses_at(&endpoint);
        assert_eq!(deliver(&unreachable, &[sample(PAID)]).await.len(), 1, "{endpoint}");
        assert_eq!(office.status().await, "REFUSED", "{endpoint}");
        assert!(office.handle(sample(PAID)).await);
        assert_eq!(office.status().await, "SENT", "{endpoint}");
    }
}

#[tokio::test]
async fn a_mail_that_ses_may_have_is_in_doubt() {
    // Accepts the connection and reads the request, but never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let office = sending_office().await.with_contact().await;
    let unanswered = office.with_ses_at(&format!("http://{}", silent.local_addr().unwrap()));
    assert!(deliver(&unanswered, &[sample(PAID)]).await.is_empty());
    assert_eq!(office.status().await, "IN_DOUBT");
}

/// An address that refuses connections.
fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An address with a full backlog: new connections are neither accepted nor refused.
struct FullPort {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullPort {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        let waiting = iter::from_fn(connect).take(10_000).collect();
        Self { address, _listener: listener, _waiting: waiting }
    }
}

#[tokio::test]
async fn a_mail_of_which_nobody_knows_whether_it_was_sent_is_not_sent_again() {
    for fault in [Fault::LoseAnswer, Fault::ServerError] {
        let office = sending_office().await.with_contact().await;
        office.faults.add(Rule::new(fault).on(SEND));
        assert!(office.handle(sample(PAID)).await, "{fault:?}");
        assert_eq!(office.status().await, "IN_DOUBT", "{fault:?}");
        office.faults.clear();
        assert!(office.handle(sample(PAID)).await, "{fault:?}");
        assert!(office.has_sent(u32::from(fault == Fault::LoseAnswer)).await, "{fault:?}");
        assert_eq!(office.faults.calls(SEND), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_mail_whose_sender_dies_is_in_doubt_and_not_sent_twice() {
    let office = sending_office().await.with_contact().await;
    // The mail is sent, but the result cannot be stored.
    office.faults.add(Rule::new(Fault::ServerError).on("UpdateItem"));
    assert!(!office.handle(sample(PAID)).await);
    office.faults.clear();
    assert!(!office.handle(sample(PAID)).await, "somebody may still be sending it");
    assert_eq!(office.status().await, "SENDING");
    office.age(&office.mail().await).await;
    assert!(office.handle(sample(PAID)).await);
    assert_eq!(office.status().await, "IN_DOUBT");
    assert!(office.has_sent(1).await);
}

#[tokio::test]
async fn mails_are_claimed_before_they_are_sent() {
    let office = sending_office().await.with_contact().await;
    office.faults.add(Rule::new(Fault::ServerError).on("PutItem"));
    assert!(!office.handle(sample(PAID)).await);
    assert!(office.has_sent(0).await);
    office.faults.clear();
    // A claim whose response was lost may belong to an invocation that still runs.
    office.faults.add(Rule::new(Fault::LoseAnswer).on("PutItem"));
    assert!(!office.handle(sample(PAID)).await);
    assert!(office.has_sent(0).await);
    assert_eq!(office.mail().await["status"], string("SENDING"));
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_known_by_who_made_it() {
    let office = sending_office().await.with_contact().await;
    office.faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(1));
    assert!(office.handle(sample(PAID)).await);
    assert!(office.has_sent(1).await);
    assert_eq!(office.status().await, "SENT");
}

#[tokio::test]
async fn late_results_of_a_claim_do_not_change_the_next_claim() {
    let office = sending_office().await.with_contact().await;
    office.faults.add(Rule::new(Fault::Throttle).on(SEND));
    office.faults.add(Rule::new(Fault::Repeat(UNTIL_RELEASED)).on("UpdateItem").times(1));
    assert!(!office.handle(sample(PAID)).await);
    assert_eq!(office.status().await, "REFUSED");
    office.claim_for_another(&office.mail().await).await;
    office.faults.release_delayed().await;
    assert_eq!(office.status().await, "SENDING", "whoever sends it now is not done");
}

#[tokio::test]
async fn a_mail_that_was_claimed_and_certainly_not_sent_is_sent_the_next_time() {
    let office = sending_office().await.with_contact().await;
    // The contact was read, but the check for an erasure fails.
    office.faults.add(Rule::new(Fault::ServerError).on("GetItem").after(1));
    assert!(!office.handle(sample(PAID)).await);
    office.faults.clear();
    assert_eq!(office.status().await, "REFUSED");
    assert!(office.has_sent(0).await);
    assert!(office.handle(sample(PAID)).await);
    assert!(office.has_sent(1).await);
}
