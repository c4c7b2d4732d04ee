//! Hands over the data of a customer, or erases it.

use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use notification::privacy::MailData;
use notification::store::MailStore;
use shopkit::privacy::PrivacyHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
        Ok(PrivacyHandler::new(MailData::new(mails), Publisher::from_env(&aws)?))
    })
    .await
}
