//! The functions of the notification service, selected by the handler's name.

use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::mail::Mailer;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::{ConfigError, config, handler};
use mimalloc::MiMalloc;
use notification::basket_checked_out::ContactHandler;
use notification::order_event::MailHandler;
use notification::privacy::MailData;
use notification::store::MailStore;
use shopkit::privacy::PrivacyHandler;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "notification-on-checkout" => consumer::run(contacts).await,
        "notification-on-privacy" => consumer::run(privacy_requests).await,
        "notification-on-order" => consumer::run(mails).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Stores whom to mail about an order, and writes mails that waited for it.
async fn contacts() -> Result<ContactHandler, ConfigError> {
    Ok(ContactHandler::new(mails().await?))
}

/// Exports a customer's data, or erases it.
async fn privacy_requests() -> Result<PrivacyHandler<MailData>, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
    Ok(PrivacyHandler::new(MailData::new(mails), Publisher::from_env(&aws)?))
}

/// Sends or stores mails about order events.
async fn mails() -> Result<MailHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let mails = MailStore::new(Table::from_env(&aws.dynamodb(), "MAIL_TABLE")?);
    // A stage without a sender stores its mails.
    let sender = config::required("MAIL_SENDER").ok();
    if sender.is_some() {
        // Waiting for a connection only delays a mail; a call that is cut off leaves it in doubt.
        aws.connect_to("email").await;
    }
    Ok(MailHandler::new(mails, sender.map(|sender| Mailer::new(aws.mail(), sender))))
}
