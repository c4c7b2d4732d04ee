//! Collects what the other services answer to a customer's request.

use customer::account::Accounts;
use customer::progress::RequestProgress;
use customer::store::{Holders, RequestStore};
use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let table = Table::from_env(&aws.dynamodb(), "CUSTOMER_TABLE")?;
        let requests = RequestStore::new(table, Holders::from_env()?);
        Ok(RequestProgress::new(requests, Accounts::from_env(&aws)?))
    })
    .await
}
