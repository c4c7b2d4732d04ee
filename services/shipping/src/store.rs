//! The shipment table: key `orderId`, a stream, time to live `expiresAt`.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::{OrderId, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{Item, key};
use lambdakit::dynamodb::table::{Put, Table};

use crate::shipment::{Shipment, ShipmentState, StateChange, forgotten_after};

/// The shipments of the shop.
#[derive(Clone, Debug)]
pub struct ShipmentStore {
    table: Table,
}

/// The result of a conditional write to a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The write was applied.
    Made,
    /// The condition failed. The shipment's current state, or `None` if there is no shipment.
    Refused(Option<ShipmentState>),
}

impl ShipmentStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Stores a new shipment, unless the order has one.
    pub async fn begin(&self, shipment: &Shipment) -> Result<Change, AwsError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(shipment)?))
            .condition_expression("attribute_not_exists(orderId)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Put::of(put.send().await)? {
            Put::Done => Ok(Change::Made),
            Put::Refused(there) => refused(there),
        }
    }

    /// An order's shipment, unless it has expired.
    pub async fn get(&self, order_id: OrderId) -> Result<Option<Shipment>, AwsError> {
        let shipment: Option<Shipment> = self.table.get(of(order_id)).await?;
        Ok(shipment.filter(Shipment::is_remembered))
    }

    /// Moves the shipment to the next state. Once the parcel has left, the recipient is removed.
    pub async fn advance(
        &self,
        order_id: OrderId,
        from: ShipmentState,
        to: ShipmentState,
    ) -> Result<Change, AwsError> {
        let update = self
            .update(order_id)
            .update_expression("SET #state = :to, history = list_append(history, :change) REMOVE recipient")
            .condition_expression("#state = :from")
            .expression_attribute_values(":from", state(from))
            .expression_attribute_values(":to", state(to))
            .expression_attribute_values(":change", entry(StateChange::now(to))?);
        change(update).await
    }

    /// Cancels a shipment whose parcel has not left, even before the command to ship it arrives.
    pub async fn cancel(&self, order_id: OrderId, correlation_id: &str) -> Result<Change, AwsError> {
        let cancelled = StateChange::now(ShipmentState::Cancelled);
        let update = self
            .update(order_id)
            .update_expression(
                "SET #state = :calledOff, history = list_append(if_not_exists(history, :none), :change), \
                 correlationId = if_not_exists(correlationId, :correlationId), expiresAt = :expiresAt \
                 REMOVE recipient",
            )
            .condition_expression("attribute_not_exists(orderId) OR #state = :created")
            .expression_attribute_values(":created", state(ShipmentState::Created))
            .expression_attribute_values(":calledOff", state(ShipmentState::Cancelled))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":change", entry(cancelled)?)
            .expression_attribute_values(":correlationId", AttributeValue::S(correlation_id.to_owned()))
            .expression_attribute_values(":expiresAt", seconds(forgotten_after(cancelled.at)));
        change(update).await
    }

    /// Records a repeated request, so that the stream publishes the shipment's event again.
    pub async fn answer_again(&self, order_id: OrderId) -> Result<Change, AwsError> {
        let update = self
            .update(order_id)
            .update_expression("SET askedAt = :now")
            .condition_expression("attribute_exists(#state)")
            .expression_attribute_values(":now", AttributeValue::S(Timestamp::now().to_string()));
        change(update).await
    }

    fn update(&self, order_id: OrderId) -> UpdateItemFluentBuilder {
        self.table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(of(order_id)))
            // "state" is a reserved word of DynamoDB.
            .expression_attribute_names("#state", "state")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

async fn change(update: UpdateItemFluentBuilder) -> Result<Change, AwsError> {
    match update.send().await {
        Ok(_) => Ok(Change::Made),
        Err(error) => match error.as_service_error() {
            Some(ConditionalCheckFailedException(refusal)) => refused(refusal.item.clone()),
            _ => Err(error.into()),
        },
    }
}

fn refused(there: Option<Item>) -> Result<Change, AwsError> {
    let there: Option<Shipment> = there.map(serde_dynamo::from_item).transpose()?;
    Ok(Change::Refused(there.map(|shipment| shipment.state)))
}

fn of(order_id: OrderId) -> Item {
    key([("orderId", order_id.to_string())])
}

fn state(state: ShipmentState) -> AttributeValue {
    AttributeValue::S(state.as_str().to_owned())
}

fn seconds(seconds: i64) -> AttributeValue {
    AttributeValue::N(seconds.to_string())
}

/// A history of one entry, to be appended.
fn entry(change: StateChange) -> Result<AttributeValue, AwsError> {
    Ok(serde_dynamo::to_attribute_value([change])?)
}
