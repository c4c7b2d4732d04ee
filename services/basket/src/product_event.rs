//! What an event of the catalogue means to the price table.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::Money;
use domain::event::{Event, Fact, ProductCreated, ProductDeleted, ProductSnapshot, ProductUpdated};
use lambdakit::batch::{self, HandlerError};
use lambdakit::{queue, telemetry};
use serde_json::value::RawValue;

use crate::store::{OnSale, PriceStore, PriceUpdate};

/// Keeps the price table up to date.
#[derive(Clone, Debug)]
pub struct ProductEvents {
    prices: PriceStore,
}

/// Why an event is none of the catalogue's.
#[derive(Debug, thiserror::Error)]
enum ProductEventError {
    #[error("an event has the unknown detail-type {0}")]
    DetailType(String),
}

impl ProductEvents {
    /// Keeps this table up to date.
    #[must_use]
    pub fn new(prices: PriceStore) -> Self {
        Self { prices }
    }
}

impl queue::Handler for ProductEvents {
    async fn handle(&self, body: &str) -> Result<(), HandlerError> {
        let update = price_update(body)?;
        if self.prices.apply(&update).await? {
            telemetry::count("PricesUpdated", 1);
        }
        Ok(())
    }
}

fn price_update(body: &str) -> Result<PriceUpdate, HandlerError> {
    let envelope: EventBridgeEvent<Box<RawValue>> = batch::read(body)?;
    let detail = envelope.detail.get();
    match &*envelope.detail_type {
        ProductCreated::DETAIL_TYPE => on_sale(read::<ProductCreated>(detail)?.product),
        ProductUpdated::DETAIL_TYPE => on_sale(read::<ProductUpdated>(detail)?.product),
        ProductDeleted::DETAIL_TYPE => {
            let ProductDeleted { product_id, version } = read(detail)?;
            Ok(PriceUpdate { product_id, version, on_sale: None })
        }
        other => Err(ProductEventError::DetailType(other.to_owned()).into()),
    }
}

fn read<D: Fact>(detail: &str) -> Result<D, HandlerError> {
    let event: Event<D> = batch::read(detail)?;
    telemetry::event(D::DETAIL_TYPE);
    telemetry::correlate(&event.metadata.correlation_id);
    Ok(event.data)
}

fn on_sale(product: ProductSnapshot) -> Result<PriceUpdate, HandlerError> {
    let price = Money::from_amount(product.price, product.currency)?;
    let on_sale = Some(OnSale { name: product.name, price });
    Ok(PriceUpdate { product_id: product.id, version: product.version, on_sale })
}
