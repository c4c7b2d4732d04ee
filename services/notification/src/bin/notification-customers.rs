//! Hands over what is kept of a customer, or forgets it.

use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use notification::customer_requests::CustomerRequests;
use notification::store::MailStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
        Ok(CustomerRequests::new(mails, Publisher::from_env(&aws)?))
    })
    .await
}
