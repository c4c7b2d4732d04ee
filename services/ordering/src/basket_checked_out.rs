//! What a checked-out basket means: an order, once, however often the event comes.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::event::{BasketCheckedOut, Event, Fact};
use domain::order::Order;
use lambdakit::batch::{self, HandlerError};
use lambdakit::{queue, telemetry};

use crate::store::OrderStore;

/// Places orders.
#[derive(Clone, Debug)]
pub struct Checkouts {
    orders: OrderStore,
}

impl Checkouts {
    /// Places orders in this store.
    #[must_use]
    pub fn new(orders: OrderStore) -> Self {
        Self { orders }
    }
}

impl queue::Handler for Checkouts {
    async fn handle(&self, body: &str) -> Result<(), HandlerError> {
        let envelope: EventBridgeEvent<Event<BasketCheckedOut>> = batch::read(body)?;
        let Event { metadata, data } = envelope.detail;
        telemetry::event(BasketCheckedOut::DETAIL_TYPE);
        telemetry::correlate(&metadata.correlation_id);
        let order = Order::place(data, metadata.correlation_id)?;
        if self.orders.place(&order).await? {
            telemetry::count("OrdersPlaced", 1);
            telemetry::measure("Revenue", &order.total_price.amount());
        }
        Ok(())
    }
}
