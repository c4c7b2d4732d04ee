//! Keeps the price table up to date with the catalogue's events.

use basket::product_event::ProductEvents;
use basket::store::PriceStore;
use lambdakit::aws::Aws;
use lambdakit::{config, queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::from_env()?;
        Ok(ProductEvents::new(PriceStore::new(aws.dynamodb(), config::required("PRICE_TABLE")?)))
    })
    .await
}
