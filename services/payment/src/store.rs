//! The payment table: key `orderId`, a stream. A payment stays, for the books; nothing of it is personal.

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::OrderId;
use lambdakit::AwsError;
use lambdakit::table::{Put, Table, key};
use uuid::Uuid;

use crate::payment::Payment;

/// How often a change is tried that others are faster than.
const MAX_TRIES: u32 = 5;

/// How many changes a payment keeps the ids of. A change whose answer was lost would have to be followed by this many
/// others before it is tried again to be made twice.
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

    /// The payment of an order, after every write that was answered before.
    pub async fn get(&self, order_id: OrderId) -> Result<Option<Payment>, AwsError> {
        self.table.get_latest(key([("orderId", order_id.to_string())])).await
    }

    /// Keeps a payment unless its order has one already, and gives the one that the order has then.
    pub async fn begin(&self, payment: Payment) -> Result<Payment, AwsError> {
        let put = self.put(&payment)?.condition_expression("attribute_not_exists(orderId)");
        Ok(self.there(put).await?.unwrap_or(payment))
    }

    /// Changes a payment that was read before, in one way whatever others do to it meanwhile. Gives the payment as it
    /// stands then, and what `change` gave. A change that changes nothing is not written.
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
                // Refused because of itself, which the SDK has sent again, and perhaps changed by others since.
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

    /// Writes, and gives what is there instead if the condition did not hold.
    async fn there(&self, put: PutItemFluentBuilder) -> Result<Option<Payment>, AwsError> {
        match Put::of(put.send().await)? {
            Put::Done => Ok(None),
            Put::Refused(Some(there)) => Ok(Some(serde_dynamo::from_item(there)?)),
            // Payments do not go.
            Put::Refused(None) => Err(AwsError::Permanent("the payment is gone".to_owned())),
        }
    }
}
