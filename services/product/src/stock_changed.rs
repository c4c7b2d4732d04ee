//! Applies stock events from inventory to the catalogue.

use contracts::Event;
use contracts::inventory::StockChanged;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;

use crate::store::ProductStore;

/// Updates the number of units for sale in the catalogue.
#[derive(Clone, Debug)]
pub struct StockHandler {
    products: ProductStore,
}

impl StockHandler {
    /// A handler that updates these products.
    #[must_use]
    pub fn new(products: ProductStore) -> Self {
        Self { products }
    }
}

impl consumer::Handler for StockHandler {
    type Event = Event<StockChanged>;

    async fn handle(&self, Event { data, .. }: Event<StockChanged>) -> Result<(), HandlerError> {
        // Inventory can have products that are not, or no longer, in the catalogue.
        self.products.set_available(data.product_id, data.on_hand, data.version).await?;
        Ok(())
    }
}
