//! Answers HTTP requests for `/product`.

use lambdakit::aws::Aws;
use lambdakit::table::Table;
use lambdakit::{api, config};
use product::api::router;
use product::store::ProductStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        let products = ProductStore::new(Table::from_env(&dynamodb, "PRODUCT_TABLE")?);
        Ok(router(products, config::parsed("CURRENCY")?))
    })
    .await
}
