//! An order's shipment and its states.

use contracts::shipping::ShipOrder;
use domain::checkout::Recipient;
use domain::stock::LineQuantity;
use domain::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a shipment without a parcel is stored: longer than a command can wait in queues and
/// dead-letter queues.
pub const REMEMBERED_DAYS: u32 = 30;

/// The state of a shipment.
///
/// ```text
/// CREATED ──> DISPATCHED ──> DELIVERED
///    └──> CANCELLED            REFUSED
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShipmentState {
    /// The carrier will fetch the parcel.
    Created,
    /// The parcel has left.
    Dispatched,
    /// The parcel has arrived.
    Delivered,
    /// No carrier goes there.
    Refused,
    /// Cancelled; a later command to ship has no effect.
    Cancelled,
}

impl ShipmentState {
    /// The state's name in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Dispatched => "DISPATCHED",
            Self::Delivered => "DELIVERED",
            Self::Refused => "REFUSED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One entry of a shipment's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// The state from then on.
    pub state: ShipmentState,
    /// When the shipment entered the state.
    pub at: Timestamp,
}

impl StateChange {
    /// The shipment enters this state now.
    #[must_use]
    pub fn now(state: ShipmentState) -> Self {
        Self { state, at: Timestamp::now() }
    }
}

/// A shipment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// The parcel's order.
    pub order_id: OrderId,
    /// The current state.
    pub state: ShipmentState,
    /// The state changes, oldest first.
    pub history: Vec<StateChange>,
    /// The recipient. It is removed when the parcel leaves, because the label on the parcel
    /// suffices then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// The units in the parcel; none if the shipment was cancelled before the command to ship
    /// arrived.
    #[serde(default)]
    pub units: Vec<LineQuantity>,
    /// Ties the shipment to the request that placed the order.
    pub correlation_id: String,
    /// When a shipment without a parcel expires. Unix seconds, DynamoDB's unit for its time to
    /// live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Shipment {
    /// A shipment that the carrier will pick up.
    #[must_use]
    pub fn created(order: ShipOrder, correlation_id: String) -> Self {
        let ShipOrder { order_id, recipient, units } = order;
        let change = StateChange::now(ShipmentState::Created);
        Self {
            order_id,
            state: change.state,
            history: vec![change],
            recipient: Some(recipient),
            units,
            correlation_id,
            expires_at: None,
        }
    }

    /// A shipment that no carrier takes. Its recipient is not stored.
    #[must_use]
    pub fn refused(order: ShipOrder, correlation_id: String) -> Self {
        let change = StateChange::now(ShipmentState::Refused);
        Self {
            order_id: order.order_id,
            state: change.state,
            history: vec![change],
            recipient: None,
            units: order.units,
            correlation_id,
            expires_at: Some(forgotten_after(change.at)),
        }
    }

    /// Whether the shipment has not expired. DynamoDB removes expired items only within days.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > Timestamp::now().unix_seconds())
    }
}

/// When a shipment without a parcel expires, in Unix seconds.
pub(crate) fn forgotten_after(end: Timestamp) -> i64 {
    end.plus_days(REMEMBERED_DAYS).unix_seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept_under_the_name_that_clients_see() {
        use ShipmentState::{Cancelled, Created, Delivered, Dispatched, Refused};
        for state in [Created, Dispatched, Delivered, Refused, Cancelled] {
            let kept: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(state).unwrap();
            assert_eq!(kept, serde_dynamo::AttributeValue::S(state.as_str().to_owned()));
        }
    }
}
