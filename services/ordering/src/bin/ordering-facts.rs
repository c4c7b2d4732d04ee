//! Starts the workflow of each order, and tells it what it waits for.

use lambdakit::aws::Aws;
use lambdakit::command::Commands;
use lambdakit::table::Table;
use lambdakit::workflow::{Tasks, Workflow};
use lambdakit::{config, queue};
use ordering::fulfilment::facts::Facts;
use ordering::fulfilment::steps::Ledger;
use ordering::store::{FulfilmentStore, OrderStore};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let (dynamodb, workflows) = (aws.dynamodb(), aws.workflows());
        let orders = OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?);
        let fulfilments = FulfilmentStore::new(Table::from_env(&dynamodb, "FULFILMENT_TABLE")?);
        let delivery = Commands::from_env(&aws.sqs(), "DELIVERY_QUEUE_URL")?;
        let workflow = Workflow::new(workflows.clone(), config::required("FULFILMENT_WORKFLOW_ARN")?);
        Ok(Facts::new(Ledger::new(orders, fulfilments), workflow, Tasks::new(workflows), delivery))
    })
    .await
}
