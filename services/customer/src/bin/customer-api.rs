//! Answers HTTP requests for `/me`.

use customer::api::router;
use customer::store::RequestStore;
use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(router(RequestStore::new(Table::from_env(&dynamodb, "CUSTOMER_TABLE")?)))
    })
    .await
}
