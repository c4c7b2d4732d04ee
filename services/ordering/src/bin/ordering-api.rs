//! Answers HTTP requests for `/order`.

use lambdakit::aws::Aws;
use lambdakit::{api, config};
use ordering::api::router;
use ordering::store::OrderStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let aws = Aws::from_env()?;
        Ok(router(OrderStore::new(aws.dynamodb(), config::required("ORDER_TABLE")?)))
    })
    .await
}
