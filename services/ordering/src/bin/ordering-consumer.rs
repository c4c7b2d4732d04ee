//! Makes each checked-out basket an order.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;
use ordering::basket_checked_out::Checkouts;
use ordering::store::OrderStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(Checkouts::new(OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?)))
    })
    .await
}
