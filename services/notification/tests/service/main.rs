//! Mail tests against their real table and bus and the SES of the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod contacts;
mod customers;
mod kept;
mod sent;
mod waiting;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::aws::{Aws, CallLimits};
use lambdakit::dynamodb::item::Item;
use lambdakit::mail::Mailer;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use notification::basket_checked_out::ContactHandler;
use notification::order_event::MailHandler;
use notification::privacy::MailData;
use notification::store::MailStore;
use serde_json::{Value, json};
use shopkit::privacy::PrivacyHandler;
use testkit::faults::FaultProxy;
use testkit::{Account, Bus};

const CHECKOUT: &str = include_str!("../../events/notification-on-checkout.json");
const PAID: &str = include_str!("../../events/notification-on-order.json");

/// The order of the samples.
const ORDER: &str = "019c1431-2e60-7000-8000-000000000001";
const TABLE: &str = "MAIL_TABLE";
const SENDER: &str = "shop@example.com";

/// A notification service with an empty table, and a proxy between it and AWS.
struct Office {
    account: Account,
    dynamodb: aws_sdk_dynamodb::Client,
    contacts: ContactHandler,
    mails: MailHandler,
    requests: PrivacyHandler<MailData>,
    bus: Bus,
    faults: FaultProxy,
}

/// An office that stores its mails.
async fn office() -> Office {
    office_of(None).await
}

/// An office that sends its mails.
async fn sending_office() -> Office {
    office_of(Some(SENDER)).await
}

async fn office_of(sender: Option<&str>) -> Office {
    let account = Account::new();
    let faults = account.faults().await;
    let of_service = account.behind(&faults);
    account.table(TABLE).await;
    let bus = account.bus().await;
    let mails = MailStore::new(of_service.known_table(TABLE));
    if let Some(sender) = sender {
        account.aws().mail().create_email_identity().email_identity(sender).send().await.unwrap();
    }
    let mailer = sender.map(|sender| Mailer::new(of_service.aws().mail(), sender.to_owned()));
    let publisher = Publisher::new(of_service.aws().eventbridge(), bus.name());
    Office {
        dynamodb: account.aws().dynamodb(),
        contacts: ContactHandler::new(MailHandler::new(mails.clone(), mailer.clone())),
        mails: MailHandler::new(mails.clone(), mailer),
        requests: PrivacyHandler::new(MailData::new(mails), publisher),
        account,
        bus,
        faults,
    }
}

/// Delivers a batch and returns the ids of the messages that SQS redelivers.
async fn deliver(handler: &impl consumer::Handler, messages: &[Value]) -> Vec<String> {
    testkit::deliver(handler, json!({ "Records": messages })).await
}

impl Office {
    /// Stores a contact for the order of the samples.
    async fn with_contact(self) -> Self {
        assert!(deliver(&self.contacts, &[sample(CHECKOUT)]).await.is_empty());
        self
    }

    /// Delivers an event and returns whether it was acknowledged.
    async fn handle(&self, message: Value) -> bool {
        deliver(&self.mails, &[message]).await.is_empty()
    }

    async fn rows(&self) -> Vec<Item> {
        self.dynamodb.scan().table_name(TABLE).send().await.unwrap().items.unwrap_or_default()
    }

    async fn rows_of(&self, kind: &str) -> Vec<Item> {
        let mut rows = self.rows().await;
        rows.retain(|row| text(row, "item").starts_with(kind));
        rows
    }

    /// The same mails, sent through SES at another address.
    fn with_ses_at(&self, endpoint: &str) -> MailHandler {
        let limits = CallLimits { attempts: 1, attempt_timeout: Duration::from_millis(600) };
        let credentials = Credentials::new("test", "test", None, None, "test");
        let aws = Aws::new("us-east-1".to_owned(), credentials, Some(endpoint.to_owned()), limits);
        let mails = MailStore::new(self.account.known_table(TABLE));
        MailHandler::new(mails, Some(Mailer::new(aws.mail(), SENDER.to_owned())))
    }

    /// The only mail.
    async fn mail(&self) -> Item {
        let mut mails = self.rows_of("mail#").await;
        assert_eq!(mails.len(), 1);
        mails.remove(0)
    }

    /// The number of mails that SES received.
    async fn sent(&self) -> f64 {
        let account = self.account.aws().mail().get_account().send().await.unwrap();
        account.send_quota.unwrap().sent_last24_hours
    }
}

/// The message of a sample.
fn sample(batch: &str) -> Value {
    serde_json::from_str::<Value>(batch).unwrap()["Records"][0].clone()
}

/// The message of a sample, with its envelope changed.
fn changed(batch: &str, id: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut message = sample(batch);
    let mut envelope: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    change(&mut envelope);
    message["messageId"] = json!(id);
    message["body"] = json!(envelope.to_string());
    message
}

/// The message of an event with a number, for the order of the samples.
fn order_event(name: &str, number: u8) -> Value {
    changed(PAID, name, |envelope| {
        envelope["detail-type"] = json!(name);
        let detail = &mut envelope["detail"];
        detail["metadata"]["eventId"] = json!(format!("0f1e2d3c-0000-5000-8000-0000000001{number:02}"));
        match name {
            "OrderPlaced" => {
                detail["data"]["units"] = json!([]);
                detail["data"]["totalPrice"] = json!(2770.8);
                detail["data"]["currency"] = json!("USD");
            }
            "OrderRejected" => detail["data"]["reason"] = json!("OUT_OF_STOCK"),
            "OrderCancelled" => detail["data"]["reason"] = json!("CUSTOMER_REQUEST"),
            _ => {}
        }
    })
}

fn text<'a>(row: &'a Item, attribute: &str) -> &'a str {
    row.get(attribute).map_or("", |value| value.as_s().unwrap())
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
