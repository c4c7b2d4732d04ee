//! Writes a mail about what an order comes to.

use lambdakit::aws::Aws;
use lambdakit::mail::Mailer;
use lambdakit::table::Table;
use lambdakit::{config, queue};
use notification::order_news::Mails;
use notification::store::MailStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
        // A stage without a sender keeps its mails.
        let sender = config::required("MAIL_SENDER").ok();
        if sender.is_some() {
            // A mail that waits for a connection is late; one whose call is cut off is in doubt.
            aws.connect_to("email").await;
        }
        Ok(Mails::new(mails, sender.map(|sender| Mailer::new(aws.mail(), sender))))
    })
    .await
}
