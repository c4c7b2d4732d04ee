//! Export and erasure of a customer's mails.

use std::time::Duration;

use lambdakit::dynamodb::item::Item;
use serde_json::{Value, json};
use testkit::faults::{Fault, Rule};
use testkit::{customer_id, seed};

use crate::{
    CHECKOUT, Office, PAID, TABLE, changed, deliver, office, order_event, sample, sending_office, string,
    text,
};

const EXPORT: &str = include_str!("../../events/notification-on-privacy.json");
const ERASURE: &str = include_str!("../../events/notification-on-privacy-erasure.json");
const PERSONAL: [&str; 3] = ["Grace", "name@example.com", "IPhone"];

impl Office {
    /// Delivers a request and returns whether it was acknowledged.
    async fn ask(&self, request: &str) -> bool {
        deliver(&self.requests, &[sample(request)]).await.is_empty()
    }

    /// Adds an order and a mail of another customer.
    async fn with_somebody_else(self) -> Self {
        let of_ada = |envelope: &mut Value| {
            envelope["detail"]["data"]["customerId"] = json!(customer_id("ada"));
            envelope["detail"]["data"]["userName"] = json!("ada");
            envelope["detail"]["data"]["orderId"] = json!("019c1431-2e60-7000-8000-0000000000ad");
            envelope["detail"]["metadata"]["eventId"] = json!("0f1e2d3c-0000-5000-8000-0000000000ad");
        };
        assert!(deliver(&self.contacts, &[changed(CHECKOUT, "ada", of_ada)]).await.is_empty());
        assert!(self.handle(changed(PAID, "ada", of_ada)).await);
        self
    }

    /// Adds this many mails to `swn`.
    async fn fill(&self, count: usize) {
        let template = self.rows_of_swn().await.into_iter().find(|row| row.contains_key("text")).unwrap();
        let mails = (0..count).map(|number| {
            let mut row: Item = template.clone();
            row.insert("item".to_owned(), string(&format!("mail#0f1e2d3c-0000-5000-9000-{number:012}")));
            row
        });
        seed(&self.account.known_table(TABLE), mails).await;
    }

    async fn rows_of_swn(&self) -> Vec<Item> {
        let mut rows = self.rows().await;
        rows.retain(|row| text(row, "customerId") == customer_id("swn"));
        rows
    }
}

#[tokio::test]
async fn an_export_hands_over_whom_the_shop_writes_to_and_what_it_wrote_and_nobody_elses() {
    let office = office().await.with_contact().await.with_somebody_else().await;
    assert!(office.handle(sample(PAID)).await);
    assert!(office.ask(EXPORT).await);
    let event = office.bus.events(1).await.remove(0);
    assert_eq!(event["source"], "shop.notification");
    assert_eq!(event["detail-type"], "CustomerDataCollected");
    assert_eq!(event["detail"]["metadata"]["correlationId"], "sample-7");
    let data = &event["detail"]["data"];
    assert_eq!(data["holder"], "notification");
    assert_eq!((&data["part"], &data["last"]), (&json!(0), &json!(true)));
    let text = data["items"][1]["text"].clone();
    assert!(text.as_str().unwrap().starts_with("Hello Grace,"));
    assert_eq!(
        data["items"],
        json!([
            {
                "kind": "CONTACT",
                "orderId": "019c1431-2e60-7000-8000-000000000001",
                "firstName": "Grace",
                "email": "name@example.com",
                "paymentMethod": "CARD",
            },
            {
                "kind": "MAIL",
                "orderId": "019c1431-2e60-7000-8000-000000000001",
                "occasion": "PAID",
                "at": "2026-01-31T12:02:00.000Z",
                "status": "KEPT",
                "to": "name@example.com",
                "subject": "Your order is paid: 019c1431-2e60-7000-8000-000000000001",
                "text": text,
            },
        ])
    );
}

#[tokio::test]
async fn many_mails_are_handed_over_in_parts_and_a_redelivered_request_starts_another_run() {
    let office = office().await.with_contact().await;
    assert!(office.handle(sample(PAID)).await);
    office.fill(250).await;
    // The first attempt fails after one part, so nothing is acknowledged.
    office.faults.add(Rule::new(Fault::Refuse).on("PutEvents").after(1));
    assert!(!office.ask(EXPORT).await);
    office.faults.clear();
    let exported = office.bus.events(1).await;
    assert!(office.ask(EXPORT).await);
    let mut events = office.bus.events(exported.len() + 2).await;
    let again = events.split_off(exported.len());
    assert_ne!(exported[0]["detail"]["metadata"]["eventId"], again[0]["detail"]["metadata"]["eventId"]);
    assert_ne!(exported[0]["detail"]["data"]["runId"], again[0]["detail"]["data"]["runId"]);
    assert_eq!(exported[0]["detail"]["data"]["items"], again[0]["detail"]["data"]["items"]);
    let mut items = 0;
    for (number, event) in again.iter().enumerate() {
        assert!(event["detail"].to_string().len() < 64 * 1024, "what EventBridge bills as one event");
        let data = &event["detail"]["data"];
        assert_eq!((&data["part"], &data["last"]), (&json!(number), &json!(number + 1 == again.len())));
        items += data["items"].as_array().unwrap().len();
    }
    assert_eq!(items, 252);
}

#[tokio::test]
async fn an_erasure_leaves_a_tombstone_alone() {
    let office = office().await.with_contact().await.with_somebody_else().await;
    for (name, number) in [("OrderPlaced", 1), ("OrderPaid", 2)] {
        assert!(office.handle(order_event(name, number)).await);
    }
    // More than one page.
    office.fill(110).await;
    assert!(office.ask(ERASURE).await);
    let left = office.rows_of_swn().await;
    assert_eq!(left.len(), 1);
    let mut attributes: Vec<_> = left[0].keys().map(String::as_str).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["customerId", "erasedAt", "expiresAt", "item"]);
    assert_eq!(text(&left[0], "item"), "erased");
    assert_eq!(office.rows().await.len(), 3, "somebody else's rows stay");
    let event = office.bus.events(1).await.remove(0);
    assert_eq!(event["detail-type"], "CustomerDataErased");
    assert_eq!(event["detail"]["data"]["holder"], "notification");
    assert_eq!(event["detail"]["data"]["erasureId"], "019c1430-4400-7000-8000-000000000008");
    assert!(office.ask(EXPORT).await);
    assert_eq!(office.bus.events(2).await[1]["detail"]["data"]["items"], json!([]));
}

#[tokio::test]
async fn an_erased_customer_is_not_brought_back_by_what_comes_late_or_again() {
    for is_late in [false, true] {
        let office = office().await;
        if !is_late {
            assert!(deliver(&office.contacts, &[sample(CHECKOUT)]).await.is_empty());
            assert!(office.handle(order_event("OrderPlaced", 1)).await);
        }
        assert!(office.ask(ERASURE).await);
        assert!(deliver(&office.contacts, &[sample(CHECKOUT)]).await.is_empty());
        for (name, number) in [("OrderPlaced", 1), ("OrderPaid", 2)] {
            assert!(office.handle(order_event(name, number)).await, "there is nobody to wait for");
        }
        let left = office.rows().await;
        assert_eq!(left.len(), 1);
        for personal in PERSONAL {
            assert!(!format!("{left:?}").contains(personal), "{personal}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_is_written_while_its_customer_is_forgotten_does_not_stay() {
    for sending in [false, true] {
        let office = if sending { sending_office().await } else { office().await }.with_contact().await;
        // The contact was read, and the mail is being written to the table.
        office.faults.add(Rule::new(Fault::Delay(Duration::from_millis(1400))).on("PutItem").times(1));
        let (handled, forgotten) = tokio::join!(office.handle(sample(PAID)), async {
            while office.faults.calls("PutItem") < 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            office.ask(ERASURE).await
        });
        assert!(handled && forgotten, "{sending}");
        let left = format!("{:?}", office.rows().await);
        for personal in PERSONAL {
            assert!(!left.contains(personal), "{personal} in {left}");
        }
        assert!(!left.contains("orderId"), "{left}");
        assert_eq!(office.faults.calls("POST /v2"), 0);
    }
}

#[tokio::test]
async fn an_erasure_that_breaks_off_goes_on_when_its_message_comes_again() {
    for operation in ["PutItem", "Query", "BatchWriteItem", "PutEvents"] {
        let office = office().await.with_contact().await;
        assert!(office.handle(sample(PAID)).await);
        office.faults.add(Rule::new(Fault::ServerError).on(operation));
        assert!(!office.ask(ERASURE).await, "{operation}");
        office.faults.clear();
        assert!(office.ask(ERASURE).await, "{operation}");
        let left = office.rows().await;
        assert_eq!(left.len(), 1, "{operation}");
        assert!(!left[0].contains_key("email"), "{operation}");
    }
}

#[tokio::test]
async fn an_erasure_removes_notices_that_wait_and_an_export_leaves_them_out() {
    let office = office().await;
    assert!(office.handle(sample(PAID)).await);
    assert!(office.ask(EXPORT).await);
    assert_eq!(office.bus.events(1).await[0]["detail"]["data"]["items"], json!([]));
    assert!(office.ask(ERASURE).await);
    let left = office.rows().await;
    assert_eq!((left.len(), text(&left[0], "item")), (1, "erased"));
}
