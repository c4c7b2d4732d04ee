//! Consumer of order events: pushes status updates to the customers who follow the order.
//!
//! Events arrive more than once, late and out of order. A redelivered status is pushed again,
//! because the first push may have failed. A status that the order has already passed is not
//! pushed.

use domain::event::Event;
use domain::event::ordering::{
    OrderCancelled, OrderDelivered, OrderPaid, OrderPlaced, OrderRejected, OrderShipped, OrderStockReserved,
};
use domain::order::{OrderStatus, Reason};
use domain::{CustomerId, OrderId, Timestamp};
use lambdakit::batch::HandlerError;
use lambdakit::queue;
use serde::Deserialize;

use crate::frame::Frame;
use crate::push::Pusher;
use crate::store::{ConnectionStore, Followers, OrderProgress};

/// The events that change an order's status.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each is documented where it is stated")]
pub enum OrderEvent {
    OrderPlaced(Event<OrderPlaced>),
    OrderStockReserved(Event<OrderStockReserved>),
    OrderPaid(Event<OrderPaid>),
    OrderShipped(Event<OrderShipped>),
    OrderDelivered(Event<OrderDelivered>),
    OrderRejected(Event<OrderRejected>),
    OrderCancelled(Event<OrderCancelled>),
}

/// A change of an order's status.
struct Change {
    order_id: OrderId,
    customer_id: CustomerId,
    standing: OrderProgress,
}

impl From<OrderEvent> for Change {
    fn from(fact: OrderEvent) -> Self {
        let change = |order_id, customer_id, status, at: Timestamp, reason: Option<Reason>| Self {
            order_id,
            customer_id,
            standing: OrderProgress { status, reason, at },
        };
        macro_rules! to {
            ($event:ident, $status:ident) => {{
                let (at, data) = ($event.metadata.occurred_at, $event.data);
                change(data.order_id, data.customer_id, OrderStatus::$status, at, None)
            }};
            ($event:ident, $status:ident, with reason) => {{
                let (at, data) = ($event.metadata.occurred_at, $event.data);
                change(data.order_id, data.customer_id, OrderStatus::$status, at, Some(data.reason))
            }};
        }
        match fact {
            OrderEvent::OrderPlaced(event) => to!(event, Pending),
            OrderEvent::OrderStockReserved(event) => to!(event, StockReserved),
            OrderEvent::OrderPaid(event) => to!(event, Paid),
            OrderEvent::OrderShipped(event) => to!(event, Shipped),
            OrderEvent::OrderDelivered(event) => to!(event, Delivered),
            OrderEvent::OrderRejected(event) => to!(event, Rejected, with reason),
            OrderEvent::OrderCancelled(event) => to!(event, Cancelled, with reason),
        }
    }
}

/// Pushes order status updates to customers.
#[derive(Clone, Debug)]
pub struct UpdateHandler {
    connections: ConnectionStore,
    pusher: Pusher,
}

impl UpdateHandler {
    /// Pushes updates to these connections.
    #[must_use]
    pub fn new(connections: ConnectionStore, pusher: Pusher) -> Self {
        Self { connections, pusher }
    }
}

impl queue::Handler for UpdateHandler {
    type Event = OrderEvent;

    async fn handle(&self, fact: OrderEvent) -> Result<(), HandlerError> {
        let Change { order_id, customer_id, standing } = fact.into();
        // An erased customer gets no updates.
        if customer_id == CustomerId::ERASED {
            return Ok(());
        }
        if !self.connections.advance(customer_id, order_id, &standing).await? {
            return Ok(());
        }
        let Followers { standing: latest, peers } = self.connections.followers(customer_id, order_id).await?;
        // A later event was stored first, and its own status is pushed.
        if latest.is_some_and(|latest| latest.rank() > standing.rank()) || peers.is_empty() {
            return Ok(());
        }
        let frame = serde_json::to_string(&Frame::of(order_id, standing))?;
        Ok(self.pusher.push_and_forget(&peers, &frame).await?)
    }
}
