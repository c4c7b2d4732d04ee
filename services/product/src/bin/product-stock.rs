//! Keeps what the catalogue says of the stock up to date.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;
use product::stock_changed::StockChanges;
use product::store::ProductStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(StockChanges::new(ProductStore::new(Table::from_env(&dynamodb, "PRODUCT_TABLE")?)))
    })
    .await
}
