//! Hands a customer's orders over, or forgets whose they were.

use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use ordering::customer_requests::CustomerRequests;
use ordering::store::OrderStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let orders = OrderStore::new(Table::from_env(&aws.dynamodb(), "ORDER_TABLE")?);
        Ok(CustomerRequests::new(orders, Publisher::from_env(&aws)?))
    })
    .await
}
