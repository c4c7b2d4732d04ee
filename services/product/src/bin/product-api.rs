//! Answers HTTP requests for `/product`.

use lambdakit::aws::Aws;
use lambdakit::{api, config};
use product::api::router;
use product::store::ProductStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let aws = Aws::from_env()?;
        let products = ProductStore::new(aws.dynamodb(), config::required("PRODUCT_TABLE")?);
        Ok(router(products, config::parsed("CURRENCY")?))
    })
    .await
}
