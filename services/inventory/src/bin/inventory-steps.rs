//! Sets pieces aside for an order, puts them back, or lets them go with the parcel.

use inventory::steps::Steps;
use inventory::store::StockStore;
use lambdakit::aws::Aws;
use lambdakit::steps;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    steps::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(Steps::new(StockStore::new(Table::from_env(&dynamodb, "STOCK_TABLE")?)))
    })
    .await
}
