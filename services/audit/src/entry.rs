//! The audit log's entry for an order event.
//!
//! Every stored field is listed. A field that is added to an event is not stored until a reviewer
//! has checked it for personal data. The correlation id is left out with the user name, because
//! callers choose its content.

use contracts::ordering::OrderEvent;
use contracts::{Event, Metadata};
use domain::order::Reason;
use domain::stock::LineQuantity;
use domain::{Money, MoneyError, OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An order event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The order.
    pub order_id: OrderId,
    /// Identifies the event.
    pub event_id: Uuid,
    /// The event that caused it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of its schema.
    pub version: u32,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The units of an order that was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Vec<LineQuantity>>,
    /// The total price of an order that was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_price: Option<Money>,
    /// Why the order was rejected or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl TryFrom<OrderEvent> for Entry {
    type Error = MoneyError;

    fn try_from(event: OrderEvent) -> Result<Self, MoneyError> {
        let Metadata { event_id, version, causation_id, occurred_at, .. } = *event.metadata();
        let entry = Self {
            order_id: event.order_id(),
            event_id,
            causation_id,
            kind: event.detail_type().to_owned(),
            version,
            occurred_at,
            units: None,
            total_price: None,
            reason: event.reason(),
        };
        Ok(match event {
            OrderEvent::OrderPlaced(Event { data, .. }) => Self {
                total_price: Some(Money::from_amount(data.total_price, data.currency)?),
                units: Some(data.units),
                ..entry
            },
            _ => entry,
        })
    }
}
