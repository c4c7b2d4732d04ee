//! Answers HTTP requests for `/shipment`.

use delivery::api::router;
use delivery::store::ShipmentStore;
use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(router(ShipmentStore::new(Table::from_env(&dynamodb, "SHIPMENT_TABLE")?)))
    })
    .await
}
