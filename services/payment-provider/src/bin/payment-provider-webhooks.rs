//! Tells the provider's client what became of its charges.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;
use payment_provider::store::ChargeStore;
use payment_provider::webhooks::Webhooks;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let charges = ChargeStore::new(Table::from_env(&aws.dynamodb(), "PROVIDER_TABLE")?);
        Webhooks::from_env(&aws, charges).await
    })
    .await
}
