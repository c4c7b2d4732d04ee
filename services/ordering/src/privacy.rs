//! Orders as customer data: exported, or kept for the books without their customer.

use domain::CustomerId;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::telemetry;
use shopkit::privacy::{DataHolder, Export};

use crate::api::OrderView;
use crate::store::OrderStore;

/// How many orders one transaction anonymises: few enough for a small table's capacity.
const BATCH_SIZE: usize = 10;

/// The orders, as a holder of customers' data.
#[derive(Clone, Debug)]
pub struct OrderData {
    orders: OrderStore,
}

impl OrderData {
    /// The data in this store.
    #[must_use]
    pub fn new(orders: OrderStore) -> Self {
        Self { orders }
    }
}

impl DataHolder for OrderData {
    const SERVICE: &'static str = "ordering";
    const SOURCE: &'static str = contracts::ordering::SOURCE;

    async fn collect(&self, customer_id: CustomerId, export: &mut Export<'_>) -> Result<(), HandlerError> {
        let mut start = None;
        loop {
            let (orders, next) = self.orders.chunk(customer_id, start).await?;
            for order in orders {
                export.add(&OrderView::try_from(order)?).await?;
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    async fn erase(&self, customer_id: CustomerId) -> Result<(), HandlerError> {
        self.orders.mark_erased(customer_id).await?;
        let mut start = None;
        loop {
            let (orders, next) = self.orders.chunk(customer_id, start).await?;
            for orders in orders.chunks(BATCH_SIZE) {
                self.orders.anonymise(orders).await?;
                telemetry::count("ordersAnonymised", orders.len());
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }
}
