//! What a change in the warehouse means to the catalogue.

use domain::event::Event;
use domain::event::inventory::StockChanged;
use lambdakit::batch::HandlerError;
use lambdakit::queue;

use crate::store::ProductStore;

/// Keeps what the catalogue says of the stock up to date.
#[derive(Clone, Debug)]
pub struct StockHandler {
    products: ProductStore,
}

impl StockHandler {
    /// Keeps these products up to date.
    #[must_use]
    pub fn new(products: ProductStore) -> Self {
        Self { products }
    }
}

impl queue::Handler for StockHandler {
    type Event = Event<StockChanged>;

    async fn handle(&self, Event { data, .. }: Event<StockChanged>) -> Result<(), HandlerError> {
        // The warehouse may have what the catalogue has not, or no longer.
        self.products.set_available(data.product_id, data.on_hand, data.version).await?;
        Ok(())
    }
}
