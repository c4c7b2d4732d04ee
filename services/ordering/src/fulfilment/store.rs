//! The fulfilment table: key `orderId`; time to live `expiresAt`.
//!
//! A row matches a waiting workflow task with the event that it waits for. Either can arrive first, and either can arrive twice. Whichever arrives
//! second finds the other, and the task is completed.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{OrderId, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::key;
use lambdakit::dynamodb::table::{Put, Table};
use serde::{Deserialize, Serialize};

/// How long a row is kept: longer than an execution can run and its name stays reserved.
const LIFETIME_DAYS: u32 = 120;

/// What a workflow waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// That the order is charged.
    Payment,
    /// That nothing is charged any more.
    Refund,
    /// That the parcel has left.
    Delivery,
}

impl Wait {
    fn attribute(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Delivery => "delivery",
        }
    }
}

/// The answer that a waiting task receives. All but the first are names of errors that the workflow
/// handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The awaited event has occurred.
    Done,
    /// Nothing was or will be charged.
    PaymentDeclined,
    /// No carrier delivers there.
    ShippingImpossible,
    /// The parcel stays in the warehouse.
    Cancelled,
}

impl Answer {
    /// Its name, which is an error name for all but [`Answer::Done`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::PaymentDeclined => "PaymentDeclined",
            Self::ShippingImpossible => "ShippingImpossible",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// An order that is being fulfilled.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fulfilment {
    /// The order.
    pub order_id: OrderId,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

impl Fulfilment {
    /// The fulfilment of this order.
    #[must_use]
    pub fn new(order_id: OrderId) -> Self {
        let expires_at = Timestamp::now().plus_days(LIFETIME_DAYS).unix_seconds();
        Self { order_id, expires_at }
    }
}

/// The two halves of a wait, as a row stores them. A retried task has one token per attempt, and
/// one of them is waiting. The order in which they were written does not show which.
#[derive(Debug, Deserialize)]
struct Rendezvous {
    #[serde(default)]
    task: Vec<String>,
    answer: Option<Answer>,
}

/// The orders that are being fulfilled.
#[derive(Clone, Debug)]
pub struct FulfilmentStore {
    table: Table,
}

impl FulfilmentStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Stores that an order is being fulfilled. Repeating it changes nothing.
    pub async fn begin(&self, fulfilment: &Fulfilment) -> Result<(), AwsError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(fulfilment)?))
            .condition_expression("attribute_not_exists(orderId)");
        Put::of(put.send().await).map(drop)
    }

    /// Stores the token of a task that is waiting from now on. Returns the answer if it is stored
    /// already.
    pub async fn wait(&self, order_id: OrderId, wait: Wait, token: &str) -> Result<Option<Answer>, AwsError> {
        let halves = self
            .set(order_id, wait, "Task", "ADD #half :value", AttributeValue::Ss(vec![token.to_owned()]))
            .await?;
        let begun =
            halves.ok_or_else(|| AwsError::Permanent(format!("{order_id} is not being fulfilled")))?;
        Ok(begun.answer)
    }

    /// Stores the answer to a wait, unless one is stored already. Returns the stored answer, and
    /// the tokens of tasks that may be waiting; none if the order is not being fulfilled.
    pub async fn answer(
        &self,
        order_id: OrderId,
        wait: Wait,
        answer: Answer,
    ) -> Result<Option<(Answer, Vec<String>)>, AwsError> {
        let value = AttributeValue::S(answer.name().to_owned());
        let halves =
            self.set(order_id, wait, "Answer", "SET #half = if_not_exists(#half, :value)", value).await?;
        Ok(halves.map(|halves| (halves.answer.unwrap_or(answer), halves.task)))
    }

    async fn set(
        &self,
        order_id: OrderId,
        wait: Wait,
        half: &str,
        expression: &str,
        value: AttributeValue,
    ) -> Result<Option<Rendezvous>, AwsError> {
        let attribute = wait.attribute();
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key([("orderId", order_id.to_string())])))
            .update_expression(expression)
            .condition_expression("attribute_exists(orderId)")
            .expression_attribute_names("#half", format!("{attribute}{half}"))
            .expression_attribute_values(":value", value)
            .return_values(ReturnValue::AllNew);
        let mut row = match update.send().await {
            Ok(done) => done.attributes.unwrap_or_default(),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(None),
                _ => return Err(error.into()),
            },
        };
        let mut of_wait = |half: &str| row.remove(&format!("{attribute}{half}"));
        let halves = [("task", of_wait("Task")), ("answer", of_wait("Answer"))];
        let halves = halves.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Some(serde_dynamo::from_item(halves.collect::<HashMap<_, _>>())?))
    }
}
