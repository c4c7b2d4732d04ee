//! Answers HTTP requests for `/stock`.

use inventory::api::router;
use inventory::store::StockStore;
use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(router(StockStore::new(Table::from_env(&dynamodb, "STOCK_TABLE")?)))
    })
    .await
}
