//! Keeps the price table up to date with the catalogue's events.

use basket::product_event::ProductEvents;
use basket::store::PriceStore;
use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(ProductEvents::new(PriceStore::new(Table::from_env(&dynamodb, "PRICE_TABLE")?)))
    })
    .await
}
