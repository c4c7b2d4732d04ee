//! Mail by SES, whose API knows no idempotency key: whoever must not send twice has to remember what was sent, and to
//! tell a mail that was refused from one of which nobody knows.

use std::fmt;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::store::cause;

/// A mail. It is not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject, in one line.
    pub subject: String,
    /// What it says, plain.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail([redacted])")
    }
}

/// Why a mail was not sent, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It was not: it can be sent again.
    #[error("mail refused: {0}")]
    Refused(String),
    /// Nobody knows whether it was: SES did not say.
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

    /// Sends a mail, trying once.
    ///
    /// # Errors
    /// When SES refused it, or did not answer.
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
            Err(error) => Err(of(&error)),
        }
    }
}

/// A request that SES says is wrong, or one too many, it did nothing about.
fn of<E>(error: &SdkError<E>) -> MailError
where
    E: aws_sdk_sesv2::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    let refused = match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(answer) => answer.raw().status().is_client_error(),
        _ => false,
    };
    // What SES says of a refused mail names the address that it does not know.
    let cause = match error {
        SdkError::ServiceError(answer) => answer.err().code().unwrap_or("no error code").to_owned(),
        other => cause(other),
    };
    if refused { MailError::Refused(cause) } else { MailError::InDoubt(cause) }
}
