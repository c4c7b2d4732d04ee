//! Tombstones: one row for each erased customer, in each table that holds their data. A tombstone
//! has `erasedAt`.
//!
//! A customer id is never reused, but events and requests about it can arrive after the erasure.
//! Every write of a customer's data is a transaction that requires that their tombstone is absent.
//! An erasure writes the tombstone first and then removes the customer's data. So each write is
//! either rejected, or its data is erased.

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};
use axum::http::StatusCode;
use domain::{CustomerId, Timestamp};
use lambdakit::dynamodb::item::Item;
use lambdakit::dynamodb::table::{Table, Transaction};
use lambdakit::{AwsError, Problem};
use uuid::Uuid;

/// How long a tombstone is kept, in days: longer than queues, dead-letter queues and an archive
/// keep an event.
pub const LIFETIME_DAYS: u32 = 30;

const ERASED_AT: &str = "erasedAt";
const NOT_ERASED: &str = "attribute_not_exists(erasedAt)";

/// The sort key of a tombstone in a table where the customer has other rows.
pub const ERASED: &str = "erased";

/// The customer's data was erased, so nothing is stored for them any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This customer's data was erased: nothing is stored for them any more.")]
pub struct CustomerErased;

impl From<CustomerErased> for Problem {
    fn from(error: CustomerErased) -> Self {
        Self::new(StatusCode::GONE, "customer-erased", "Customer erased", error.to_string())
    }
}

/// The outcome of a write that requires that the customer was not erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// All of it was written.
    Written,
    /// Nothing was written, because the customer's data was erased.
    Erased,
    /// Nothing was written: the conditions of these parts, counted from 0, did not hold.
    Refused(Vec<usize>),
}

/// The tombstones in a table.
#[derive(Clone, Debug)]
pub struct Tombstones {
    table: Table,
    key: fn(CustomerId) -> Item,
}

impl Tombstones {
    /// The tombstones in this table; `key` returns a tombstone's key.
    #[must_use]
    pub fn new(table: Table, key: fn(CustomerId) -> Item) -> Self {
        Self { table, key }
    }

    /// Writes a customer's tombstone, and replaces any item with its key. Writing it again renews
    /// its lifetime.
    ///
    /// # Errors
    /// When the request to DynamoDB fails.
    pub async fn put(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        let (mut row, now) = ((self.key)(customer_id), Timestamp::now());
        let expires_at = now.plus_days(LIFETIME_DAYS).unix_seconds();
        row.insert(ERASED_AT.to_owned(), serde_dynamo::to_attribute_value(now)?);
        row.insert("expiresAt".to_owned(), AttributeValue::N(expires_at.to_string()));
        self.table.client().put_item().table_name(self.table.name()).set_item(Some(row)).send().await?;
        Ok(())
    }

    /// Whether a customer has a tombstone, by a consistent read.
    ///
    /// # Errors
    /// When the request to DynamoDB fails.
    pub async fn is_erased(&self, customer_id: CustomerId) -> Result<bool, AwsError> {
        let key = (self.key)(customer_id);
        let get = self.table.client().get_item().table_name(self.table.name()).set_key(Some(key));
        let row = get.consistent_read(true).send().await?.item;
        Ok(row.is_some_and(|row| row.contains_key(ERASED_AT)))
    }

    /// Writes all parts, 99 at most, unless the customer was erased or a condition does not hold.
    ///
    /// # Errors
    /// When the request to DynamoDB fails.
    pub async fn write(
        &self,
        customer_id: CustomerId,
        parts: Vec<TransactWriteItem>,
    ) -> Result<Guarded, AwsError> {
        let parts = std::iter::once(self.absent(customer_id)?).chain(parts).collect();
        Ok(match self.table.transact(parts, Uuid::now_v7().to_string()).await? {
            Transaction::Done => Guarded::Written,
            Transaction::Refused(refused) if refused.contains(&0) => Guarded::Erased,
            Transaction::Refused(refused) => Guarded::Refused(refused.iter().map(|part| part - 1).collect()),
        })
    }

    fn absent(&self, customer_id: CustomerId) -> Result<TransactWriteItem, AwsError> {
        let check = ConditionCheck::builder()
            .table_name(self.table.name())
            .set_key(Some((self.key)(customer_id)))
            .condition_expression(NOT_ERASED)
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

/// The part of a transaction that puts an item under a condition that needs no values.
///
/// # Errors
/// When the part cannot be built.
pub fn put_if(table: &Table, item: Item, condition: &str) -> Result<TransactWriteItem, AwsError> {
    let put = Put::builder().table_name(table.name()).set_item(Some(item)).condition_expression(condition);
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}
