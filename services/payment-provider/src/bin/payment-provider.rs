//! Answers as a payment provider does.

use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::secret::Secret;
use lambdakit::table::Table;
use payment_provider::api::{Provider, router};
use payment_provider::store::ChargeStore;
use payment_provider::webhooks::WebhookQueue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run_for_programs(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let charges = ChargeStore::new(Table::from_env(&aws.dynamodb(), "PROVIDER_TABLE")?);
        let api_key = Secret::from_env(&aws, "PROVIDER_KEY_SECRET").await?;
        Ok(router(Provider { charges, webhooks: WebhookQueue::from_env(&aws)?, api_key }))
    })
    .await
}
