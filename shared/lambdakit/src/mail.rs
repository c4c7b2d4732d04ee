//! Sends mail with Amazon SES, whose API has no idempotency key.
//!
//! A caller that must not send twice has to record what it sent. It must also distinguish a refused
//! mail from a mail whose outcome is unknown.

use std::error::Error;
use std::{fmt, iter};

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::aws::cause;

/// A mail. Its content must not be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject, in one line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail([redacted])")
    }
}

/// Why SES did not confirm a mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail was not sent, for a transient or repairable reason: SES cannot be reached, or the
    /// account or the sender may not send. It can be sent again.
    #[error("mail refused: {0}")]
    Refused(String),
    /// The mail was not sent, and never will be: SES does not send to this recipient.
    #[error("mail undeliverable: {0}")]
    Undeliverable(String),
    /// It is unknown whether the mail was sent: SES may have received the request, but did not
    /// respond.
    #[error("mail in doubt: {0}")]
    InDoubt(String),
}

/// Sends mail from one address.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    from: String,
}

impl Mailer {
    /// Sends from this address, which SES has verified.
    #[must_use]
    pub fn new(client: Client, from: String) -> Self {
        Self { client, from }
    }

    /// Sends a mail without retries.
    ///
    /// # Errors
    /// When SES refused the mail, or did not respond.
    pub async fn send(&self, to: &str, mail: &Mail) -> Result<(), MailError> {
        let Mail { subject, text, html } = mail;
        let unfit = |error: BuildError| MailError::Refused(error.to_string());
        let content = |data: &str| Content::builder().data(data).charset("UTF-8").build().map_err(unfit);
        let body = Body::builder().text(content(text)?).html(content(html)?).build();
        let message = Message::builder().subject(content(subject)?).body(body).build();
        let send = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message).build());
        match send.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(of(&error, &self.from, to)),
        }
    }
}

/// Classifies errors by whether the mail may have been sent, and whether they concern the
/// recipient.
fn of<E>(error: &SdkError<E>, from: &str, to: &str) -> MailError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            // Keep only the code: the message of a refusal can contain the recipient's address.
            let code = answer.err().code().unwrap_or("no error code").to_owned();
            if !answer.raw().status().is_client_error() {
                MailError::InDoubt(code)
            } else if is_about_recipient(&code, answer.err().message().unwrap_or_default(), from, to) {
                MailError::Undeliverable(code)
            } else {
                MailError::Refused(code)
            }
        }
        SdkError::ConstructionFailure(_) => MailError::Refused(cause(error)),
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(never_connected) => {
            MailError::Refused(cause(error))
        }
        _ => MailError::InDoubt(cause(error)),
    }
}

/// Whether a refusal of SES (`SendEmail`, errors) concerns the recipient. Between mails, only the
/// recipient differs in a way that SES can refuse. So a malformed request means a malformed
/// recipient, unless the message is about the sender or its configuration set. A mail that is
/// rejected for unverified identities names them: the sender, or the recipient while the account is
/// in the sandbox.
fn is_about_recipient(code: &str, message: &str, from: &str, to: &str) -> bool {
    // Compare whole words: an address can contain another address, or any other text.
    let separates = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '<' | '>' | '"');
    let words: Vec<_> = message.split(separates).map(|word| word.trim_end_matches('.')).collect();
    let names = |address: &str| words.iter().any(|word| word.eq_ignore_ascii_case(address));
    match code {
        "BadRequestException" => {
            let others: String = words.iter().filter(|word| !word.contains('@')).copied().collect();
            !names(from) && !others.to_ascii_lowercase().contains("configurationset")
        }
        "MessageRejected" => names(to) && !names(from),
        _ => false,
    }
}

/// Whether a call failed before it had a connection: in name resolution, TCP or TLS, or by their
/// timeout.
fn never_connected(error: &ConnectorError) -> bool {
    iter::successors(error.source(), |error| (*error).source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "shop@example.com";
    const TO: &str = "grace@example.org";

    #[test]
    fn refusals_are_about_the_recipient_or_about_the_sender() {
        let unverified =
            "Email address is not verified. The following identities failed the check in region EU-WEST-1: ";
        for (code, message, is_recipients) in [
            ("BadRequestException", "Domain contains illegal character".to_owned(), true),
            ("BadRequestException", "Local address contains control or whitespace".to_owned(), true),
            ("BadRequestException", format!("Illegal address: x{FROM}"), true),
            ("BadRequestException", "Illegal address: configurationset@example.org.".to_owned(), true),
            ("BadRequestException", format!("Illegal address: {FROM}"), false),
            ("BadRequestException", "Configuration set shop does not exist".to_owned(), false),
            ("MessageRejected", format!("{unverified}GRACE@example.org"), true),
            ("MessageRejected", format!("{unverified}{FROM}"), false),
            ("MessageRejected", format!("{unverified}{FROM}, {TO}"), false),
            ("MessageRejected", "Sending suspended for this account.".to_owned(), false),
            ("AccountSuspendedException", String::new(), false),
            ("LimitExceededException", String::new(), false),
            ("MailFromDomainNotVerifiedException", String::new(), false),
            ("SendingPausedException", String::new(), false),
            ("TooManyRequestsException", format!("{TO} is one too many"), false),
            ("AccessDeniedException", format!("not authorized on resource identity/{TO}"), false),
        ] {
            assert_eq!(is_about_recipient(code, &message, FROM, TO), is_recipients, "{code}: {message}");
        }
    }
}
