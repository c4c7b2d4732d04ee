//! The payment table: key `orderId`, a stream. Payments are kept for the books, and contain no
//! personal data.

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::OrderId;
use lambdakit::AwsError;
use lambdakit::dynamodb::item::key;
use lambdakit::dynamodb::table::{Put, Table};
use uuid::Uuid;

use crate::payment::Payment;

/// How often a change is tried when other writes come first.
const MAX_TRIES: u32 = 5;

/// How many change ids a payment keeps. A change whose response was lost is made twice only if this
/// many others follow before it is retried.
const MAX_CHANGE_IDS: usize = 8;

/// The payments of the shop.
#[derive(Clone, Debug)]
pub struct PaymentStore {
    table: Table,
}

impl PaymentStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The payment of an order, with a consistent read.
    pub async fn get(&self, order_id: OrderId) -> Result<Option<Payment>, AwsError> {
        self.table.get_latest(key([("orderId", order_id.to_string())])).await
    }

    /// Stores a payment unless its order has one already, and returns the stored one.
    pub async fn begin(&self, payment: Payment) -> Result<Payment, AwsError> {
        let put = self.put(&payment)?.condition_expression("attribute_not_exists(orderId)");
        Ok(self.there(put).await?.unwrap_or(payment))
    }

    /// Changes a payment that was read before, once, despite concurrent writes. Returns the current
    /// payment, and what `change` returned. A change without effect is not written.
    pub async fn change<T>(
        &self,
        mut payment: Payment,
        change: impl Fn(&mut Payment) -> T,
    ) -> Result<(Payment, T), AwsError> {
        let change_id = Uuid::now_v7();
        for _ in 0..MAX_TRIES {
            let mut changed = payment.clone();
            let given = change(&mut changed);
            if changed == payment {
                return Ok((payment, given));
            }
            changed.version += 1;
            changed.changes.insert(0, change_id);
            changed.changes.truncate(MAX_CHANGE_IDS);
            let put = self
                .put(&changed)?
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(payment.version.to_string()));
            match self.there(put).await? {
                None => return Ok((changed, given)),
                // Refused because of its own write, which the SDK has retried, and which others may
                // have changed since.
                Some(there) if there.changes.contains(&change_id) => return Ok((there, given)),
                Some(there) => payment = there,
            }
        }
        Err(AwsError::Transient("others were faster each time".to_owned()))
    }

    fn put(&self, payment: &Payment) -> Result<PutItemFluentBuilder, AwsError> {
        let put = self.table.client().put_item().table_name(self.table.name());
        let put = put.set_item(Some(serde_dynamo::to_item(payment)?));
        Ok(put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld))
    }

    /// Writes the payment. Returns the stored one if the condition failed.
    async fn there(&self, put: PutItemFluentBuilder) -> Result<Option<Payment>, AwsError> {
        match Put::of(put.send().await)? {
            Put::Done => Ok(None),
            Put::Refused(Some(there)) => Ok(Some(serde_dynamo::from_item(there)?)),
            // Payments are never deleted.
            Put::Refused(None) => Err(AwsError::Permanent("the payment is gone".to_owned())),
        }
    }
}
