//! Consumer of order events: pushes status updates to the customers who follow the order.
//!
//! Events arrive more than once, late and out of order. A redelivered status is pushed again,
//! because the first push may have failed. A status that the order has already passed is not
//! pushed.

use contracts::ordering::OrderEvent;
use domain::CustomerId;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;

use crate::frame::Frame;
use crate::push::Pusher;
use crate::store::{ConnectionStore, Followers, OrderProgress};

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

impl consumer::Handler for UpdateHandler {
    type Event = OrderEvent;

    async fn handle(&self, event: OrderEvent) -> Result<(), HandlerError> {
        let (order_id, customer_id) = (event.order_id(), event.customer_id());
        // An erased customer gets no updates.
        if customer_id == CustomerId::ERASED {
            return Ok(());
        }
        let progress = OrderProgress {
            status: event.status(),
            reason: event.reason(),
            at: event.metadata().occurred_at,
        };
        if !self.connections.advance(customer_id, order_id, &progress).await? {
            return Ok(());
        }
        let Followers { progress: latest, peers } = self.connections.followers(customer_id, order_id).await?;
        // A later event was stored first, and its own status is pushed.
        if latest.is_some_and(|latest| latest.rank() > progress.rank()) || peers.is_empty() {
            return Ok(());
        }
        let frame = serde_json::to_string(&Frame::of(order_id, progress))?;
        Ok(self.pusher.push_and_forget(&peers, &frame).await?)
    }
}
