//! Hands a customer's basket over, or empties it.

use basket::customer_requests::CustomerRequests;
use basket::store::BasketStore;
use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let baskets = BasketStore::new(Table::from_env(&aws.dynamodb(), "BASKET_TABLE")?);
        Ok(CustomerRequests::new(baskets, Publisher::from_env(&aws)?))
    })
    .await
}
