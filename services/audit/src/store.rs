//! The audit table: key `orderId` and `entry`, append-only, without a time to live.
//!
//! `entry` is an event's time and id, so an order's events sort in the order in which they
//! happened.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::OrderId;
use lambdakit::AwsError;
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::dynamodb::table::{Put, Table};
use serde::Serialize;

use crate::entry::Entry;

/// The audit log of all orders.
#[derive(Clone, Debug)]
pub struct AuditStore {
    table: Table,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(rename = "entry")]
    key: String,
    #[serde(flatten)]
    entry: &'a Entry,
}

impl AuditStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Appends an event. Returns `false` if it is stored already.
    pub async fn append(&self, entry: &Entry) -> Result<bool, AwsError> {
        let row = Row { key: format!("{}#{}", entry.occurred_at, entry.event_id), entry };
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(row)?))
            .condition_expression("attribute_not_exists(orderId)");
        Ok(Put::of(put.send().await)?.is_done())
    }

    /// A page of an order's events, oldest first.
    pub async fn list(&self, order_id: OrderId, page: &PageRequest) -> Result<Page<Entry>, AwsError> {
        let query = self
            .table
            .client()
            .query()
            .key_condition_expression("orderId = :orderId")
            .expression_attribute_values(":orderId", AttributeValue::S(order_id.to_string()));
        self.table.query(query, page).await
    }
}
