//! The mail table: key `customerId` and `item`, time to live `expiresAt`. One query finds all rows
//! of a customer.
//!
//! | `item` | is |
//! | --- | --- |
//! | `contact#<order>` | whom to mail about an order, and what was ordered; before its checkout has arrived, only the notices that `waiting` has |
//! | `mail#<event>` | the mail about an event: its content, or that it was sent |
//! | `erased` | the tombstone of a customer who was erased |

use std::fmt;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put as PutPart, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::checkout::{Email, PaymentMethod, PersonName};
use domain::order::{Order, OrderLine};
use domain::{CustomerId, Money, OrderId, Redacted, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{self, Item};
use lambdakit::dynamodb::table::{Put, Table};
use lambdakit::mail::Mail;
use serde::{Deserialize, Serialize};
use shopkit::tombstone::{self, Guarded, Tombstones, put_if};
use uuid::Uuid;

/// How long contacts and mails are kept: longer than an order takes.
const DAYS: u32 = 90;
/// The most rows that one query reads.
const CHUNK: i32 = 100;
/// The most rows that one `BatchWriteItem` call takes.
pub(crate) const BATCH_SIZE: usize = 25;

const CONTACT: &str = "contact#";
const MAIL: &str = "mail#";
/// Notices of an order, as a set of texts.
const WAITING: &str = "waiting";

/// Contacts and mails.
#[derive(Clone, Debug)]
pub struct MailStore {
    table: Table,
    tombstones: Tombstones,
}

/// Whom to mail about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The customer.
    pub customer_id: CustomerId,
    /// The order.
    pub order_id: OrderId,
    /// The customer's first name.
    pub first_name: PersonName,
    /// The customer's address.
    pub email: Email,
    /// The order's lines.
    pub lines: Vec<OrderLine>,
    /// The order's total price.
    pub total_price: Money,
    /// How the order is paid. Mails about an order by invoice do not mention a payment. Older rows
    /// lack the field.
    #[serde(default = "by_card")]
    pub payment_method: PaymentMethod,
}

fn by_card() -> PaymentMethod {
    PaymentMethod::Card
}

impl From<Order> for Contact {
    fn from(order: Order) -> Self {
        Self {
            customer_id: order.customer_id,
            order_id: order.order_id,
            first_name: order.recipient.first_name,
            email: order.recipient.email,
            lines: order.lines,
            total_price: order.total_price,
            payment_method: order.payment.method,
        }
    }
}

/// The result of looking up an order's contact.
#[derive(Clone, Debug)]
pub enum ContactLookup {
    /// The contact.
    Found(Box<Contact>),
    /// The customer was erased and gets no more mails.
    Erased,
    /// No contact is stored yet.
    NotFound,
}

/// The result of storing a contact, with the notices that have waited for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It is stored.
    Stored(Vec<String>),
    /// The customer was erased, so it is not stored.
    Erased(Vec<String>),
}

/// The status of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It is stored in the table and can be read there.
    Kept,
    /// An invocation is sending it, or failed while sending it.
    Sending,
    /// SES accepted it.
    Sent,
    /// It was certainly not sent. It is retried.
    Refused,
    /// SES does not send to its recipient. It is not retried.
    Undeliverable,
    /// It is unknown whether SES accepted it. It is not retried.
    InDoubt,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "KEPT",
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Refused => "REFUSED",
            Self::Undeliverable => "UNDELIVERABLE",
            Self::InDoubt => "IN_DOUBT",
        })
    }
}

/// A mail. Its content is stored only if it is not sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailRow {
    customer_id: CustomerId,
    item: String,
    /// The order.
    pub order_id: OrderId,
    /// The name of the mail's template.
    pub occasion: String,
    /// When the event happened.
    pub at: Timestamp,
    /// The status.
    pub status: Status,
    /// The claim of the invocation that is sending it, or was the last to try.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    claim: Option<Claimant>,
    /// The content.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub letter: Option<MailContent>,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

/// An invocation's claim on a mail. By the id an invocation recognises its own claim if the write's
/// response was lost. The id also keeps a late result from being taken for that of the next claim.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Claimant {
    #[serde(rename = "claimId")]
    id: Uuid,
    /// Unix seconds.
    #[serde(rename = "claimedAt")]
    since: i64,
}

/// A mail's content and its recipient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailContent {
    /// The recipient's address.
    pub to: Email,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: Redacted<String>,
    /// The same as HTML.
    pub html: Redacted<String>,
}

impl MailRow {
    /// A mail about an event.
    #[must_use]
    pub fn new(
        customer_id: CustomerId,
        event_id: Uuid,
        order_id: OrderId,
        occasion: &str,
        at: Timestamp,
        status: Status,
    ) -> Self {
        let now = Timestamp::now();
        Self {
            customer_id,
            item: format!("{MAIL}{event_id}"),
            order_id,
            occasion: occasion.to_owned(),
            at,
            status,
            claim: None,
            letter: None,
            expires_at: now.plus_days(DAYS).unix_seconds(),
        }
    }

    /// The same mail with its content.
    #[must_use]
    pub fn with(self, contact: &Contact, Mail { subject, text, html }: Mail) -> Self {
        let letter = MailContent { to: contact.email.clone(), subject, text: text.into(), html: html.into() };
        Self { letter: Some(letter), ..self }
    }
}

/// The result of claiming a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This invocation must send it, under this claim.
    Ours(Uuid),
    /// Another invocation holds the claim.
    Theirs {
        /// The other claim.
        claim: Uuid,
        /// When it was made, in Unix seconds.
        since: i64,
    },
    /// The mail needs no more work.
    Over,
}

/// A customer's row.
#[derive(Clone, Debug)]
pub enum Row {
    /// A contact.
    Contact(Box<Contact>),
    /// Notices that wait for a contact, with the row's sort key.
    Waiting(String),
    /// A mail.
    Mail(Box<MailRow>),
}

/// A row with its time to live.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContactRow<'a> {
    item: String,
    #[serde(flatten)]
    contact: &'a Contact,
    expires_at: i64,
}

impl MailStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let tombstones =
            Tombstones::new(table.clone(), |customer_id| key(customer_id, tombstone::ERASED.to_owned()));
        Self { table, tombstones }
    }

    /// Stores a contact, unless the order has one. [`Self::settle`] the notices that waited for it
    /// once their mails are written.
    pub async fn remember(&self, contact: &Contact) -> Result<Remembered, AwsError> {
        let Contact { customer_id, order_id, .. } = *contact;
        let new = put_if(&self.table, contact_row(contact)?, "attribute_not_exists(customerId)")?;
        match self.tombstones.write(customer_id, vec![new]).await? {
            Guarded::Written => Ok(Remembered::Stored(Vec::new())),
            Guarded::Erased => Ok(Remembered::Erased(self.waiting(customer_id, order_id).await?)),
            Guarded::Refused(_) => self.complete(contact).await,
        }
    }

    /// Adds a contact to the notices that wait for it, if there are some.
    async fn complete(&self, contact: &Contact) -> Result<Remembered, AwsError> {
        let Contact { customer_id, order_id, .. } = *contact;
        let waiting = self.waiting(customer_id, order_id).await?;
        if waiting.is_empty() {
            return Ok(Remembered::Stored(waiting));
        }
        let notices = AttributeValue::Ss(waiting.clone());
        let mut row = contact_row(contact)?;
        row.insert(WAITING.to_owned(), notices.clone());
        let put = PutPart::builder()
            .table_name(self.table.name())
            .set_item(Some(row))
            .condition_expression("waiting = :waiting")
            .expression_attribute_values(":waiting", notices)
            .build()?;
        let put = TransactWriteItem::builder().put(put).build();
        match self.tombstones.write(customer_id, vec![put]).await? {
            Guarded::Written => Ok(Remembered::Stored(waiting)),
            Guarded::Erased => Ok(Remembered::Erased(waiting)),
            Guarded::Refused(_) => {
                Err(AwsError::Transient("another notice of the order was stored meanwhile".to_owned()))
            }
        }
    }

    async fn waiting(&self, customer_id: CustomerId, order_id: OrderId) -> Result<Vec<String>, AwsError> {
        let row = self.read_contact(customer_id, order_id).await?;
        let waiting = row.and_then(|mut row| row.remove(WAITING));
        Ok(waiting.and_then(|waiting| waiting.as_ss().ok().cloned()).unwrap_or_default())
    }

    /// Forgets the notices that have waited for a contact: their mails are written. Does nothing if
    /// the contact was erased.
    pub async fn settle(&self, contact: &Contact) -> Result<(), AwsError> {
        let put = self.table.client().put_item().table_name(self.table.name());
        let put = put.set_item(Some(contact_row(contact)?)).condition_expression("attribute_exists(waiting)");
        Put::of(put.send().await)?;
        Ok(())
    }

    /// Stores a notice that waits for its order's contact. It is refused if there is a contact.
    pub async fn wait(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        notice: String,
    ) -> Result<Guarded, AwsError> {
        let expires_at = Timestamp::now().plus_days(DAYS).unix_seconds();
        let update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(key(customer_id, contact_item(order_id))))
            .update_expression("ADD waiting :notice SET expiresAt = :expiresAt")
            .condition_expression("attribute_not_exists(email)")
            .expression_attribute_values(":notice", AttributeValue::Ss(vec![notice]))
            .expression_attribute_values(":expiresAt", AttributeValue::N(expires_at.to_string()))
            .build()?;
        self.tombstones.write(customer_id, vec![TransactWriteItem::builder().update(update).build()]).await
    }

    /// An order's contact, by a consistent read.
    pub async fn contact(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
    ) -> Result<ContactLookup, AwsError> {
        Ok(match self.read_contact(customer_id, order_id).await? {
            Some(row) if !is_waiting(&row) => ContactLookup::Found(serde_dynamo::from_item(row)?),
            _ if self.is_erased(customer_id).await? => ContactLookup::Erased,
            _ => ContactLookup::NotFound,
        })
    }

    async fn read_contact(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
    ) -> Result<Option<Item>, AwsError> {
        let get = self.table.client().get_item().table_name(self.table.name()).consistent_read(true);
        Ok(get.set_key(Some(key(customer_id, contact_item(order_id)))).send().await?.item)
    }

    /// Whether a customer was erased.
    pub async fn is_erased(&self, customer_id: CustomerId) -> Result<bool, AwsError> {
        self.tombstones.is_erased(customer_id).await
    }

    /// Stores a mail. Returns `false` if it was stored or sent before.
    pub async fn keep(&self, mail: &MailRow) -> Result<bool, AwsError> {
        self.put_new(serde_dynamo::to_item(mail)?).await
    }

    /// Claims a mail to be sent.
    pub async fn claim(&self, mail: MailRow) -> Result<Claim, AwsError> {
        let ours = Uuid::now_v7();
        let claim = Claimant { id: ours, since: Timestamp::now().unix_seconds() };
        let mail = MailRow { claim: Some(claim), ..mail };
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(&mail)?))
            .condition_expression("attribute_not_exists(#item) OR #status = :refused")
            .expression_attribute_names("#item", "item")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":refused", AttributeValue::S(Status::Refused.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(match Put::of(put.send().await)? {
            Put::Done => Claim::Ours(ours),
            Put::Refused(Some(row)) => {
                let MailRow { status, claim, .. } = serde_dynamo::from_item(row)?;
                match (status, claim) {
                    (Status::Sending, Some(Claimant { id, .. })) if id == ours => Claim::Ours(ours),
                    (Status::Sending, Some(Claimant { id, since })) => Claim::Theirs { claim: id, since },
                    _ => Claim::Over,
                }
            }
            Put::Refused(None) => Claim::Over,
        })
    }

    /// Stores the result of sending a mail under this claim. Does nothing if the claim no longer
    /// holds, or the mail was erased.
    pub async fn mark(
        &self,
        customer_id: CustomerId,
        event_id: Uuid,
        claim: Uuid,
        status: Status,
    ) -> Result<(), AwsError> {
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key(customer_id, format!("{MAIL}{event_id}"))))
            .update_expression("SET #status = :status")
            .condition_expression("#status = :sending AND claimId = :claim")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
            .expression_attribute_values(":sending", AttributeValue::S(Status::Sending.to_string()))
            .expression_attribute_values(":claim", AttributeValue::S(claim.to_string()));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    /// Removes the mail, if any, of a customer who was erased while it was written.
    pub async fn withdraw(&self, customer_id: CustomerId, event_id: Uuid) -> Result<(), AwsError> {
        let delete = self.table.client().delete_item().table_name(self.table.name());
        delete.set_key(Some(key(customer_id, format!("{MAIL}{event_id}")))).send().await?;
        Ok(())
    }

    /// A page of a customer's rows, contacts first, and the next page's start key if there may be
    /// more.
    pub async fn chunk(
        &self,
        customer_id: CustomerId,
        start: Option<Item>,
    ) -> Result<(Vec<Row>, Option<Item>), AwsError> {
        let query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("customerId = :customerId")
            .expression_attribute_values(":customerId", AttributeValue::S(customer_id.to_string()))
            .consistent_read(true)
            .limit(CHUNK)
            .set_exclusive_start_key(start);
        let found = query.send().await?;
        let rows = found.items.unwrap_or_default().into_iter().filter_map(|row| Row::read(row).transpose());
        Ok((rows.collect::<Result<_, _>>()?, found.last_evaluated_key))
    }

    /// Puts the customer's tombstone. It refuses new contacts, and is checked before each mail is
    /// sent.
    pub async fn mark_erased(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        self.tombstones.put(customer_id).await
    }

    /// Removes these rows.
    pub async fn delete(&self, customer_id: CustomerId, rows: &[Row]) -> Result<(), AwsError> {
        self.table.delete_many(rows.iter().map(|row| key(customer_id, row.item())).collect()).await
    }

    async fn put_new(&self, item: Item) -> Result<bool, AwsError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#item)")
            .expression_attribute_names("#item", "item");
        Ok(Put::of(put.send().await)?.is_done())
    }
}

impl Row {
    /// The row, or `None` for a tombstone.
    fn read(row: Item) -> Result<Option<Self>, AwsError> {
        let item = row.get("item").and_then(|item| item.as_s().ok()).map(String::as_str);
        Ok(match item {
            Some(item) if item.starts_with(CONTACT) && is_waiting(&row) => {
                Some(Self::Waiting(item.to_owned()))
            }
            Some(item) if item.starts_with(CONTACT) => Some(Self::Contact(serde_dynamo::from_item(row)?)),
            Some(item) if item.starts_with(MAIL) => Some(Self::Mail(serde_dynamo::from_item(row)?)),
            _ => None,
        })
    }

    fn item(&self) -> String {
        match self {
            Self::Contact(contact) => contact_item(contact.order_id),
            Self::Waiting(item) => item.clone(),
            Self::Mail(mail) => mail.item.clone(),
        }
    }
}

/// Whether a row of an order has notices and no contact.
fn is_waiting(row: &Item) -> bool {
    !row.contains_key("email")
}

fn contact_row(contact: &Contact) -> Result<Item, AwsError> {
    Ok(serde_dynamo::to_item(ContactRow {
        item: contact_item(contact.order_id),
        contact,
        expires_at: Timestamp::now().plus_days(DAYS).unix_seconds(),
    })?)
}

fn contact_item(order_id: OrderId) -> String {
    format!("{CONTACT}{order_id}")
}

fn key(customer_id: CustomerId, item: String) -> Item {
    item::key([("customerId", customer_id.to_string()), ("item", item)])
}
