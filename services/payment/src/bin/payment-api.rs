//! Answers HTTP requests for `/payment`.

use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;
use payment::api::router;
use payment::store::PaymentStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(router(PaymentStore::new(Table::from_env(&dynamodb, "PAYMENT_TABLE")?)))
    })
    .await
}
