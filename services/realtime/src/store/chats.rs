//! The chat table: key `customerId` and `seq`, time to live `expiresAt`. A customer has one chat,
//! with the staff.
//!
//! | `seq` | is |
//! | --- | --- |
//! | twelve digits | a message, by its number |
//! | `counter` | the number of the last one, or the tombstone of a customer who was erased |

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem};
use domain::{CustomerId, Redacted, Timestamp, UserName};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{self, Item};
use lambdakit::dynamodb::table::Table;
use serde::{Deserialize, Serialize};
use shopkit::tombstone::{CustomerErased, Guarded, Tombstones};

use crate::request::ChatText;

/// How long messages are kept.
const MESSAGE_DAYS: u32 = 90;
/// The counter outlives its messages for longer than DynamoDB takes to remove them, so that no
/// number is reused while its message is stored.
const COUNTER_DAYS: u32 = MESSAGE_DAYS + 30;
/// The messages in one page. A page of the longest messages fits into one API Gateway message.
const PAGE: usize = 15;

const COUNTER: &str = "counter";
/// Sorts after all numbers, and before the counter.
const AFTER_NUMBERS: &str = ":";

/// The chats between customers and staff.
#[derive(Clone, Debug)]
pub struct ChatStore {
    table: Table,
    tombstones: Tombstones,
}

/// The author of a message. Customers do not see which member of the staff wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Author {
    /// The customer whose chat it is.
    Customer,
    /// A member of the staff.
    Staff,
}

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number. Numbers increase within a chat.
    pub seq: u64,
    /// The author.
    pub from: Author,
    /// The customer's name, if they wrote it: staff find chats by the customer's id only.
    pub user_name: Option<UserName>,
    /// The text.
    pub text: Redacted<ChatText>,
    /// When it was accepted.
    pub at: Timestamp,
}

/// A message as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    customer_id: CustomerId,
    seq: String,
    from: Author,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_name: Option<UserName>,
    text: Redacted<ChatText>,
    at: Timestamp,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

impl Row {
    fn message(self) -> Result<Message, AwsError> {
        let seq = self.seq.parse().map_err(|_| AwsError::Permanent("a message has no number".to_owned()))?;
        Ok(Message { seq, from: self.from, user_name: self.user_name, text: self.text, at: self.at })
    }
}

/// Some messages of a chat, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatPage {
    /// The messages.
    pub messages: Vec<Message>,
    /// If there are more messages: the number to go on before, or after, as requested.
    pub next: Option<u64>,
}

impl ChatStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let tombstones = Tombstones::new(table.clone(), |customer_id| key(customer_id, COUNTER));
        Self { table, tombstones }
    }

    /// Adds a message to a customer's chat, after all others, unless the customer was erased. The
    /// number is taken first: if the message cannot be stored then, the number stays unused.
    pub async fn add(
        &self,
        customer_id: CustomerId,
        from: Author,
        user_name: Option<UserName>,
        text: ChatText,
    ) -> Result<Result<Message, CustomerErased>, AwsError> {
        let Some(seq) = self.next_number(customer_id).await? else { return Ok(Err(CustomerErased)) };
        let (at, text) = (Timestamp::now(), Redacted::from(text));
        let row = Row {
            customer_id,
            seq: sort_key(seq),
            from,
            user_name: user_name.clone(),
            text: text.clone(),
            at,
            expires_at: at.plus_days(MESSAGE_DAYS).unix_seconds(),
        };
        let put = Put::builder().table_name(self.table.name()).set_item(Some(serde_dynamo::to_item(row)?));
        let put = TransactWriteItem::builder().put(put.build()?).build();
        Ok(match self.tombstones.write(customer_id, vec![put]).await? {
            Guarded::Erased => Err(CustomerErased),
            Guarded::Written | Guarded::Refused(_) => Ok(Message { seq, from, user_name, text, at }),
        })
    }

    /// The number of the next message; `None` if the customer was erased.
    async fn next_number(&self, customer_id: CustomerId) -> Result<Option<u64>, AwsError> {
        let expires_at = Timestamp::now().plus_days(COUNTER_DAYS).unix_seconds();
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key(customer_id, COUNTER)))
            .update_expression("SET expiresAt = :expiresAt ADD #last :one")
            .condition_expression("attribute_not_exists(erasedAt)")
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":expiresAt", AttributeValue::N(expires_at.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::UpdatedNew);
        let counter = match update.send().await {
            Ok(updated) => updated.attributes.unwrap_or_default(),
            Err(error) => {
                return match error.as_service_error() {
                    Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(None),
                    _ => Err(error.into()),
                };
            }
        };
        let last = counter.get("last").and_then(|last| last.as_n().ok());
        let last = last.and_then(|last| last.parse().ok());
        last.map(Some).ok_or_else(|| AwsError::Permanent("a chat counts no messages".to_owned()))
    }

    /// The last messages of a customer's chat, or the last ones before a number.
    pub async fn latest(&self, customer_id: CustomerId, before: Option<u64>) -> Result<ChatPage, AwsError> {
        let bound = before.map_or_else(|| AFTER_NUMBERS.to_owned(), sort_key);
        let mut page =
            self.page(customer_id, "customerId = :customer AND seq < :bound", bound, false, PAGE).await?;
        page.messages.reverse();
        Ok(page)
    }

    /// The first messages of a customer's chat, or the first ones after a number.
    pub async fn first(&self, customer_id: CustomerId, after: Option<u64>) -> Result<ChatPage, AwsError> {
        // Numbers begin with 1.
        let bound = sort_key(after.unwrap_or_default() + 1);
        let condition = "customerId = :customer AND seq BETWEEN :bound AND :end";
        self.page(customer_id, condition, bound, true, 4 * PAGE).await
    }

    async fn page(
        &self,
        customer_id: CustomerId,
        condition: &str,
        bound: String,
        forward: bool,
        limit: usize,
    ) -> Result<ChatPage, AwsError> {
        let mut query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression(condition)
            .expression_attribute_values(":customer", AttributeValue::S(customer_id.to_string()))
            .expression_attribute_values(":bound", AttributeValue::S(bound))
            .scan_index_forward(forward)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        if forward {
            query = query.expression_attribute_values(":end", AttributeValue::S(AFTER_NUMBERS.to_owned()));
        }
        let found = query.send().await?;
        let more = found.last_evaluated_key.is_some();
        let rows: Vec<Row> = serde_dynamo::from_items(found.items.unwrap_or_default())?;
        let next = rows.last().filter(|_| more).and_then(|row| row.seq.parse().ok());
        let now = Timestamp::now().unix_seconds();
        // DynamoDB removes expired items only within days.
        let alive = rows.into_iter().filter(|row| row.expires_at > now);
        Ok(ChatPage { messages: alive.map(Row::message).collect::<Result<_, _>>()?, next })
    }

    /// Erases a customer's chat, and refuses messages from then on.
    pub async fn erase(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        self.tombstones.put(customer_id).await?;
        loop {
            let rows = self
                .table
                .client()
                .query()
                .table_name(self.table.name())
                .key_condition_expression("customerId = :customer AND seq < :end")
                .projection_expression("customerId, seq")
                .expression_attribute_values(":customer", AttributeValue::S(customer_id.to_string()))
                .expression_attribute_values(":end", AttributeValue::S(AFTER_NUMBERS.to_owned()))
                .consistent_read(true)
                .limit(100);
            let keys = rows.send().await?.items.unwrap_or_default();
            if keys.is_empty() {
                return Ok(());
            }
            self.table.delete_many(keys).await?;
        }
    }
}

/// Numbers of the same length sort as text.
fn sort_key(seq: u64) -> String {
    format!("{seq:012}")
}

fn key(customer_id: CustomerId, seq: &str) -> Item {
    item::key([("customerId", customer_id.to_string()), ("seq", seq.to_owned())])
}
