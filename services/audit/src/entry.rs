//! The audit log's entry for an order event.
//!
//! Every stored field is listed. A field that is added to an event is not stored until a reviewer
//! has checked it for personal data. The correlation id is left out with the user name, because
//! callers choose its content.

use domain::event::ordering::{
    OrderCancelled, OrderDelivered, OrderPaid, OrderPlaced, OrderRejected, OrderShipped, OrderStockReserved,
};
use domain::event::{Event, Fact, Metadata};
use domain::order::Reason;
use domain::stock::LineQuantity;
use domain::{Money, MoneyError, OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event from the topic of order events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum OrderEvent {
    /// The order was placed.
    OrderPlaced(Event<OrderPlaced>),
    /// Its units are reserved.
    OrderStockReserved(Event<OrderStockReserved>),
    /// It is paid.
    OrderPaid(Event<OrderPaid>),
    /// It was shipped.
    OrderShipped(Event<OrderShipped>),
    /// It was delivered.
    OrderDelivered(Event<OrderDelivered>),
    /// The shop rejected it.
    OrderRejected(Event<OrderRejected>),
    /// It was cancelled.
    OrderCancelled(Event<OrderCancelled>),
}

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

impl Entry {
    fn of<F: Fact>(metadata: Metadata, order_id: OrderId) -> Self {
        let Metadata { event_id, version, causation_id, occurred_at, .. } = metadata;
        Self {
            order_id,
            event_id,
            causation_id,
            kind: F::DETAIL_TYPE.to_owned(),
            version,
            occurred_at,
            units: None,
            total_price: None,
            reason: None,
        }
    }
}

impl TryFrom<OrderEvent> for Entry {
    type Error = MoneyError;

    fn try_from(fact: OrderEvent) -> Result<Self, MoneyError> {
        Ok(match fact {
            OrderEvent::OrderPlaced(Event { metadata, data }) => Self {
                total_price: Some(Money::from_amount(data.total_price, data.currency)?),
                units: Some(data.units),
                ..Self::of::<OrderPlaced>(metadata, data.order_id)
            },
            OrderEvent::OrderStockReserved(Event { metadata, data }) => {
                Self::of::<OrderStockReserved>(metadata, data.order_id)
            }
            OrderEvent::OrderPaid(Event { metadata, data }) => Self::of::<OrderPaid>(metadata, data.order_id),
            OrderEvent::OrderShipped(Event { metadata, data }) => {
                Self::of::<OrderShipped>(metadata, data.order_id)
            }
            OrderEvent::OrderDelivered(Event { metadata, data }) => {
                Self::of::<OrderDelivered>(metadata, data.order_id)
            }
            OrderEvent::OrderRejected(Event { metadata, data }) => {
                Self { reason: Some(data.reason), ..Self::of::<OrderRejected>(metadata, data.order_id) }
            }
            OrderEvent::OrderCancelled(Event { metadata, data }) => {
                Self { reason: Some(data.reason), ..Self::of::<OrderCancelled>(metadata, data.order_id) }
            }
        })
    }
}
