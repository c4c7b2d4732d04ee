//! Answers HTTP requests for `/basket`.

use basket::api::router;
use basket::checkout::Desk;
use basket::store::{BasketStore, CheckoutStore, PriceStore};
use lambdakit::aws::Aws;
use lambdakit::idempotency::IdempotencyStore;
use lambdakit::table::Table;
use lambdakit::{api, config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        let table = |variable| Table::from_env(&dynamodb, variable);
        let baskets = BasketStore::new(table("BASKET_TABLE")?);
        let prices = PriceStore::new(table("PRICE_TABLE")?);
        let idempotency = IdempotencyStore::new(table("IDEMPOTENCY_TABLE")?);
        let checkouts = CheckoutStore::new(table("CHECKOUT_TABLE")?, baskets.clone(), idempotency.clone());
        let currency = config::parsed("CURRENCY")?;
        Ok(router(Desk { baskets, prices, checkouts, idempotency, currency }))
    })
    .await
}
