//! Handler for checked-out baskets: places one order per basket, however often the event is
//! redelivered.

use contracts::Event;
use contracts::basket::BasketCheckedOut;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;

use crate::store::OrderStore;

/// Places orders.
#[derive(Clone, Debug)]
pub struct CheckoutHandler {
    orders: OrderStore,
}

impl CheckoutHandler {
    /// A handler that places orders in this store.
    #[must_use]
    pub fn new(orders: OrderStore) -> Self {
        Self { orders }
    }
}

impl consumer::Handler for CheckoutHandler {
    type Event = Event<BasketCheckedOut>;

    async fn handle(&self, Event { metadata, data }: Self::Event) -> Result<(), HandlerError> {
        let order = data.into_order(metadata.correlation_id)?;
        if self.orders.place(&order).await? {
            telemetry::metric_count("OrdersPlaced", 1);
            telemetry::metric_value("Revenue", &order.total_price.amount());
        }
        Ok(())
    }
}
