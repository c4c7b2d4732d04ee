//! An order's parcel, and how far it has come.

use domain::checkout::Recipient;
use domain::command::ShipOrder;
use domain::stock::LineQuantity;
use domain::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a shipment without a parcel is remembered: longer than a command can wait in queues and dead-letter
/// queues.
pub const REMEMBERED_DAYS: u32 = 30;

/// Where a shipment stands.
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
    /// The parcel stays here, even if it is only asked for later.
    Cancelled,
}

impl ShipmentState {
    /// The state as it is kept.
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
    /// Where the shipment has stood from then on.
    pub state: ShipmentState,
    /// When it came there.
    pub at: Timestamp,
}

impl StateChange {
    /// It comes there now.
    #[must_use]
    pub fn now(state: ShipmentState) -> Self {
        Self { state, at: Timestamp::now() }
    }
}

/// A shipment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// Whose parcel.
    pub order_id: OrderId,
    /// Where it stands.
    pub state: ShipmentState,
    /// How it came there, oldest first.
    pub history: Vec<StateChange>,
    /// Whom it goes to, until it has left: then the label on the parcel says so, and we need not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// What is in the parcel; nothing of one that was cancelled before it was asked for.
    #[serde(default)]
    pub units: Vec<LineQuantity>,
    /// Ties the shipment to the request that placed the order.
    pub correlation_id: String,
    /// When it is forgotten, if it has no parcel. Unix seconds, DynamoDB's unit for its time to live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Shipment {
    /// The carrier will fetch it.
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

    /// No carrier takes it. Where it should have gone is nobody's business then.
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

    /// DynamoDB removes what has expired within days only.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > Timestamp::now().unix_seconds())
    }
}

/// When a shipment without a parcel is forgotten, in Unix seconds.
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
