//! Hands over a customer's basket, or erases it.

use basket::privacy::BasketData;
use basket::store::BasketStore;
use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use shopkit::privacy::PrivacyHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let baskets = BasketStore::new(Table::from_env(&aws.dynamodb(), "BASKET_TABLE")?);
        Ok(PrivacyHandler::new(BasketData::new(baskets), Publisher::from_env(&aws)?))
    })
    .await
}
