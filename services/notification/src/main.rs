//! The functions of the notification service: what runs, by the name of the handler.

use lambdakit::aws::Aws;
use lambdakit::mail::Mailer;
use lambdakit::publish::Publisher;
use lambdakit::table::Table;
use lambdakit::{ConfigError, config, handler, queue};
use notification::basket_checked_out::ContactHandler;
use notification::order_news::MailHandler;
use notification::privacy::MailData;
use notification::store::MailStore;
use shopkit::privacy::PrivacyHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "notification-on-checkout" => queue::run(contacts).await,
        "notification-on-privacy" => queue::run(privacy_requests).await,
        "notification-on-order" => queue::run(mails).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Keeps whom to write to about an order.
async fn contacts() -> Result<ContactHandler, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(ContactHandler::new(MailStore::new(Table::from_env(&dynamodb, "MAIL_TABLE")?)))
}

/// Hands over the data of a customer, or erases it.
async fn privacy_requests() -> Result<PrivacyHandler<MailData>, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
    Ok(PrivacyHandler::new(MailData::new(mails), Publisher::from_env(&aws)?))
}

/// Writes a mail about what an order comes to.
async fn mails() -> Result<MailHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
    // A stage without a sender keeps its mails.
    let sender = config::required("MAIL_SENDER").ok();
    if sender.is_some() {
        // A mail that waits for a connection is late; one whose call is cut off is in doubt.
        aws.connect_to("email").await;
    }
    Ok(MailHandler::new(mails, sender.map(|sender| Mailer::new(aws.mail(), sender))))
}
