//! Makes each checked-out basket an order.

use lambdakit::aws::Aws;
use lambdakit::{config, queue};
use ordering::basket_checked_out::Checkouts;
use ordering::store::OrderStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::from_env()?;
        Ok(Checkouts::new(OrderStore::new(aws.dynamodb(), config::required("ORDER_TABLE")?)))
    })
    .await
}
