//! Hands over a customer's orders, or erases whose they were.

use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use ordering::privacy::OrderData;
use ordering::store::{FulfilmentStore, OrderStore};
use shopkit::privacy::PrivacyHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let dynamodb = aws.dynamodb();
        let orders = OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?);
        let fulfilments = FulfilmentStore::new(Table::from_env(&dynamodb, "FULFILMENT_TABLE")?);
        Ok(PrivacyHandler::new(OrderData::new(orders, fulfilments), Publisher::from_env(&aws)?))
    })
    .await
}
