//! The audit table: key `orderId` and `entry`, which is when a fact happened and its event's id, so that an order's facts are
//! found in the order in which they happened. There is no time to live, and no other write than a new row.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::OrderId;
use lambdakit::AwsError;
use lambdakit::page::{Page, PageRequest};
use lambdakit::table::{Put, Table};
use serde::Serialize;

use crate::entry::Entry;

/// What has happened to orders.
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

    /// Writes a fact down, unless it is there; says whether it is new.
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

    /// A page of what has happened to an order, oldest first.
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
