//! Keeps whom to write to about an order.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;
use notification::basket_checked_out::Contacts;
use notification::store::MailStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(Contacts::new(MailStore::new(Table::from_env(&dynamodb, "MAIL_TABLE")?)))
    })
    .await
}
