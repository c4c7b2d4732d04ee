//! Hears what the payment provider tells by itself.

use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::secret::Secret;
use lambdakit::signature::WebhookSecrets;
use lambdakit::table::Table;
use payment::store::PaymentStore;
use payment::webhook::{Ear, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run_for_programs(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let payments = PaymentStore::new(Table::from_env(&aws.dynamodb(), "PAYMENT_TABLE")?);
        let secrets = WebhookSecrets::of(&Secret::from_env(&aws, "WEBHOOK_SECRET").await?)?;
        Ok(router(Ear::new(payments, secrets)))
    })
    .await
}
