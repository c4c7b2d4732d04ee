//! Applies the catalogue's events to the price table.

use contracts::Event;
use contracts::product::{ProductCreated, ProductDeleted, ProductSnapshot, ProductUpdated};
use domain::Money;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use serde::Deserialize;

use crate::store::{OnSale, PriceStore, PriceUpdate};

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

/// Keeps the price table up to date.
#[derive(Clone, Debug)]
pub struct PriceHandler {
    prices: PriceStore,
}

impl PriceHandler {
    /// A handler that updates this table.
    #[must_use]
    pub fn new(prices: PriceStore) -> Self {
        Self { prices }
    }
}

impl consumer::Handler for PriceHandler {
    type Event = ProductEvent;

    async fn handle(&self, event: ProductEvent) -> Result<(), HandlerError> {
        let update = match event {
            ProductEvent::ProductCreated(Event { data, .. }) => on_sale(data.product)?,
            ProductEvent::ProductUpdated(Event { data, .. }) => on_sale(data.product)?,
            ProductEvent::ProductDeleted(Event { data: ProductDeleted { product_id, version }, .. }) => {
                PriceUpdate { product_id, version, on_sale: None }
            }
        };
        if self.prices.apply(&update).await? {
            telemetry::count("pricesUpdated", 1);
        }
        Ok(())
    }
}

fn on_sale(product: ProductSnapshot) -> Result<PriceUpdate, HandlerError> {
    let price = Money::from_amount(product.price, product.currency)?;
    let on_sale = Some(OnSale { name: product.name, price });
    Ok(PriceUpdate { product_id: product.id, version: product.version, on_sale })
}
