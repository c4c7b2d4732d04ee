//! Answers HTTP requests for `/me` and `/customer`.

use customer::api::router;
use customer::store::{Holders, RequestStore};
use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        let requests = Table::from_env(&dynamodb, "CUSTOMER_TABLE")?;
        Ok(router(RequestStore::new(requests, Holders::from_env()?)))
    })
    .await
}
