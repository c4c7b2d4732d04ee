//! Has parcels fetched, or stay here.

use delivery::carrier::Carrier;
use delivery::commands::Commands;
use delivery::store::ShipmentStore;
use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::schedule::Schedules;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let shipments = ShipmentStore::new(Table::from_env(&aws.dynamodb(), "SHIPMENT_TABLE")?);
        Ok(Commands::new(shipments, Carrier::from_env(Schedules::from_env(&aws)?)?))
    })
    .await
}
