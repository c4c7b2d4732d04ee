//! The functions of the basket service, selected by the handler's name.

use axum::Router;
use basket::api::router;
use basket::checkout::CheckoutService;
use basket::outbox::translate;
use basket::privacy::BasketData;
use basket::product_event::PriceHandler;
use basket::store::{BasketStore, CheckoutStore, PriceStore};
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::idempotency::IdempotencyStore;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{self, Outbox};
use lambdakit::{ConfigError, config, handler};
use mimalloc::MiMalloc;
use shopkit::privacy::PrivacyHandler;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "basket-api" => api::run(routes).await,
        "basket-publisher" => outbox::run(publisher).await,
        "basket-on-privacy" => consumer::run(privacy_requests).await,
        "basket-on-product" => consumer::run(product_events).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/basket`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    let table = |variable| Table::from_env(&dynamodb, variable);
    let baskets = BasketStore::new(table("BASKET_TABLE")?);
    let prices = PriceStore::new(table("PRICE_TABLE")?);
    let idempotency = IdempotencyStore::new(table("IDEMPOTENCY_TABLE")?);
    let checkouts = CheckoutStore::new(table("CHECKOUT_TABLE")?, baskets.clone(), idempotency.clone());
    let currency = config::parsed("CURRENCY")?;
    Ok(router(CheckoutService { baskets, prices, checkouts, idempotency, currency }))
}

/// Publishes each checkout.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}

/// Exports a customer's basket, or erases it.
async fn privacy_requests() -> Result<PrivacyHandler<BasketData>, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let baskets = BasketStore::new(Table::from_env(&aws.dynamodb(), "BASKET_TABLE")?);
    Ok(PrivacyHandler::new(BasketData::new(baskets), Publisher::from_env(&aws)?))
}

/// Keeps the price table up to date with the catalogue's events.
async fn product_events() -> Result<PriceHandler, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(PriceHandler::new(PriceStore::new(Table::from_env(&dynamodb, "PRICE_TABLE")?)))
}
