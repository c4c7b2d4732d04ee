//! Does what the fulfilment workflow asks of orders.

use lambdakit::aws::Aws;
use lambdakit::command::Commands;
use lambdakit::steps;
use lambdakit::table::Table;
use lambdakit::workflow::Tasks;
use ordering::fulfilment::steps::{Ledger, Steps};
use ordering::store::{FulfilmentStore, OrderStore};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    steps::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let (dynamodb, sqs) = (aws.dynamodb(), aws.sqs());
        let orders = OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?);
        let fulfilments = FulfilmentStore::new(Table::from_env(&dynamodb, "FULFILMENT_TABLE")?);
        let payment = Commands::from_env(&sqs, "PAYMENT_QUEUE_URL")?;
        let delivery = Commands::from_env(&sqs, "DELIVERY_QUEUE_URL")?;
        Ok(Steps::new(Ledger::new(orders, fulfilments), Tasks::new(aws.workflows()), payment, delivery))
    })
    .await
}
