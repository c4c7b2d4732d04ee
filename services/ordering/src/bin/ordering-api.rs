//! Answers HTTP requests for `/order`.

use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;
use ordering::api::router;
use ordering::store::OrderStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(router(OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?)))
    })
    .await
}
