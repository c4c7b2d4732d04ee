//! Answers HTTP requests for `/basket`.

use basket::api::router;
use basket::checkout::Desk;
use basket::store::{BasketStore, CheckoutStore, PriceStore};
use lambdakit::aws::Aws;
use lambdakit::idempotency::IdempotencyStore;
use lambdakit::{api, config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::from_env()?.dynamodb();
        let baskets = BasketStore::new(dynamodb.clone(), config::required("BASKET_TABLE")?);
        let prices = PriceStore::new(dynamodb.clone(), config::required("PRICE_TABLE")?);
        let idempotency = IdempotencyStore::new(dynamodb.clone(), config::required("IDEMPOTENCY_TABLE")?);
        let checkouts = CheckoutStore::new(
            dynamodb,
            config::required("CHECKOUT_TABLE")?,
            baskets.clone(),
            idempotency.clone(),
        );
        let currency = config::parsed("CURRENCY")?;
        Ok(router(Desk { baskets, prices, checkouts, idempotency, currency }))
    })
    .await
}
