use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use contracts::Event;
use contracts::basket::BasketCheckedOut;
use domain::customer::Customer;
use domain::{OrderId, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::table::{Table, Transaction};
use lambdakit::idempotency::{IdempotencyStore, Request};
use serde::{Deserialize, Serialize};

use super::{BasketStore, Version};

/// How long a checkout stays in the outbox, in days: longer than the stream keeps it (24 hours),
/// for troubleshooting.
const LIFETIME_DAYS: u32 = 7;

/// The checkout table, the service's outbox: key `orderId`, a stream, time to live `expiresAt`.
#[derive(Clone, Debug)]
pub struct CheckoutStore {
    table: Table,
    baskets: BasketStore,
    idempotency: IdempotencyStore,
}

/// The outcome of a checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutOutcome {
    /// The basket is empty and the event is in the outbox.
    Done,
    /// The basket's version is not the one that was read; nothing was written.
    BasketChanged,
    /// The idempotency key was used before; nothing was written.
    KeyUsed,
}

/// A row of the outbox.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckoutRecord {
    order_id: OrderId,
    /// The event as it will be published: an [`Event`] of [`BasketCheckedOut`], as JSON.
    pub(crate) detail: String,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

impl CheckoutStore {
    /// The store in this table, with the stores that share its transaction.
    #[must_use]
    pub fn new(table: Table, baskets: BasketStore, idempotency: IdempotencyStore) -> Self {
        Self { table, baskets, idempotency }
    }

    /// Empties the basket, puts the event into the outbox and completes the idempotency key, if
    /// there is one, in one transaction.
    pub async fn place(
        &self,
        version: &Version,
        event: &Event<BasketCheckedOut>,
        key: Option<(&Request, String)>,
    ) -> Result<CheckoutOutcome, AwsError> {
        let BasketCheckedOut { customer_id: id, user_name, .. } = &event.data;
        let customer = Customer { id: *id, user_name: user_name.clone() };
        let emptying = self.baskets.emptying(customer, version)?;
        let Some(emptying) = emptying else { return Ok(CheckoutOutcome::BasketChanged) };
        let mut parts = vec![
            TransactWriteItem::builder().put(emptying).build(),
            TransactWriteItem::builder().put(self.outbox(event)?).build(),
        ];
        if let Some((request, answer)) = key {
            let completion = self.idempotency.complete(request, answer)?;
            parts.push(TransactWriteItem::builder().put(completion).build());
        }
        match self.table.transact(parts, event.metadata.event_id.to_string()).await? {
            Transaction::Done => Ok(CheckoutOutcome::Done),
            Transaction::Refused(parts) if parts.contains(&2) => Ok(CheckoutOutcome::KeyUsed),
            Transaction::Refused(parts) if parts.contains(&0) => Ok(CheckoutOutcome::BasketChanged),
            Transaction::Refused(_) => Err(AwsError::Permanent("the order's id is in the outbox".to_owned())),
        }
    }

    fn outbox(&self, event: &Event<BasketCheckedOut>) -> Result<Put, AwsError> {
        let record = CheckoutRecord {
            order_id: event.data.order_id,
            detail: serde_json::to_string(event).map_err(|error| AwsError::Permanent(error.to_string()))?,
            expires_at: Timestamp::now().plus_days(LIFETIME_DAYS).unix_seconds(),
        };
        Put::builder()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(record)?))
            .condition_expression("attribute_not_exists(orderId)")
            .build()
            .map_err(AwsError::from)
    }
}
