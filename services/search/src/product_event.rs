//! Consumer of the catalogue's events: indexes products.

use contracts::Event;
use contracts::product::{ProductCreated, ProductDeleted, ProductSnapshot, ProductUpdated};
use domain::{Money, MoneyError};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use serde::Deserialize;

use crate::store::{Indexed, Product, SearchStore};
use crate::terms::Terms;

/// The catalogue's events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum ProductEvent {
    /// A product was created.
    ProductCreated(Event<ProductCreated>),
    /// A product was changed.
    ProductUpdated(Event<ProductUpdated>),
    /// A product was deleted.
    ProductDeleted(Event<ProductDeleted>),
}

/// Keeps the index up to date.
#[derive(Clone, Debug)]
pub struct IndexHandler {
    store: SearchStore,
}

impl IndexHandler {
    /// A handler that updates this index.
    #[must_use]
    pub fn new(store: SearchStore) -> Self {
        Self { store }
    }
}

impl consumer::Handler for IndexHandler {
    type Event = ProductEvent;

    async fn handle(&self, event: ProductEvent) -> Result<(), HandlerError> {
        let (id, version, product) = match event {
            ProductEvent::ProductCreated(Event { data: ProductCreated { product }, .. })
            | ProductEvent::ProductUpdated(Event { data: ProductUpdated { product, .. }, .. }) => {
                (product.id, product.version, Some(indexed(product)?))
            }
            ProductEvent::ProductDeleted(Event { data: ProductDeleted { product_id, version }, .. }) => {
                (product_id, version, None)
            }
        };
        if self.store.apply(id, version, product).await? {
            telemetry::count("ProductsIndexed", 1);
        }
        Ok(())
    }
}

fn indexed(product: ProductSnapshot) -> Result<Indexed, MoneyError> {
    let terms = Terms::of(&product);
    let price = Money::from_amount(product.price, product.currency)?;
    let ProductSnapshot { id, name, image_file, category, .. } = product;
    Ok(Indexed { product: Product { id, name, image_file, category, price }, terms })
}
