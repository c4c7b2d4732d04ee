//! The functions of the delivery service: what runs, by the name of the handler.

use axum::Router;
use delivery::api::router;
use delivery::carrier::Carrier;
use delivery::commands::Commands;
use delivery::outbox::translate;
use delivery::rounds::Rounds;
use delivery::store::ShipmentStore;
use lambdakit::aws::Aws;
use lambdakit::outbox::{self, Outbox};
use lambdakit::schedule::Schedules;
use lambdakit::table::Table;
use lambdakit::{ConfigError, api, handler, queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "delivery-api" => api::run(routes).await,
        "delivery-carrier" => queue::run(carrier_rounds).await,
        "delivery-commands" => queue::run(commands).await,
        "delivery-events" => outbox::run(publisher).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/shipment`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
    Ok(router(ShipmentStore::new(Table::from_env(&dynamodb, "SHIPMENT_TABLE")?)))
}

/// Moves parcels when it is time.
async fn carrier_rounds() -> Result<Rounds, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let shipments = ShipmentStore::new(Table::from_env(&aws.dynamodb(), "SHIPMENT_TABLE")?);
    Ok(Rounds::new(shipments, Carrier::from_env(Schedules::from_env(&aws)?)?))
}

/// Has parcels fetched, or stay here.
async fn commands() -> Result<Commands, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let shipments = ShipmentStore::new(Table::from_env(&aws.dynamodb(), "SHIPMENT_TABLE")?);
    Ok(Commands::new(shipments, Carrier::from_env(Schedules::from_env(&aws)?)?))
}

/// Tells what becomes of each shipment.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::connected_to("events").await?, translate)
}
