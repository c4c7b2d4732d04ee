//! Sends a mail for each event that it handles.
//!
//! It needs `MAIL_FROM`, an address that SES has verified, and the credentials of an account, or
//! `AWS_ENDPOINT_URL`. `cargo lambda watch --example mail --features mail,messaging`

use lambdakit::aws::Aws;
use lambdakit::mail::{Mail, Mailer};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer::{self, Handler};
use lambdakit::{ConfigError, config};
use serde::Deserialize;

#[derive(Deserialize)]
struct AccountOpened {
    email: String,
}

struct Welcome {
    mailer: Mailer,
}

impl Handler for Welcome {
    type Event = AccountOpened;

    async fn handle(&self, AccountOpened { email }: AccountOpened) -> Result<(), HandlerError> {
        let mail = Mail {
            subject: "Welcome".to_owned(),
            text: "Your account is open.".to_owned(),
            html: "<p>Your account is open.</p>".to_owned(),
        };
        // A redelivered event sends the mail again. A real function records what it sent: the error
        // says whether the mail may have left.
        Ok(self.mailer.send(&email, &mail).await?)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    consumer::run(welcome).await
}

async fn welcome() -> Result<Welcome, ConfigError> {
    let aws = Aws::preconnected("email").await?;
    Ok(Welcome { mailer: Mailer::new(aws.mail(), config::required("MAIL_FROM")?) })
}
