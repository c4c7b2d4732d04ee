//! Charges orders and gives back what was charged.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;
use payment::commands::Commands;
use payment::http_provider::HttpProvider;
use payment::store::PaymentStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let payments = PaymentStore::new(Table::from_env(&aws.dynamodb(), "PAYMENT_TABLE")?);
        Ok(Commands::new(payments, HttpProvider::from_env(&aws).await?))
    })
    .await
}
