//! Puts together what the other services do for a customer's request.

use customer::account::Accounts;
use customer::parts::Parts;
use customer::store::RequestStore;
use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let requests = RequestStore::new(Table::from_env(&aws.dynamodb(), "CUSTOMER_TABLE")?);
        Ok(Parts::new(requests, Accounts::from_env(&aws)?))
    })
    .await
}
