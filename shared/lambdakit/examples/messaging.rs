//! A handler of account events from any trigger: an SQS queue, an EventBridge rule or schedule, or
//! an SNS topic.
//!
//! `cargo lambda watch --example messaging --features messaging`, then
//! `cargo lambda invoke messaging --data-ascii '{"source": "bank", "detail-type": "AccountClosed",
//! "detail": {"account": "DE02"}}'`.

use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer::{self, Handler};
use lambdakit::{ConfigError, telemetry};
use serde::Deserialize;

/// Each variant has the name of a `detail-type`, and holds the `detail`.
#[derive(Deserialize)]
enum AccountEvent {
    AccountOpened(Account),
    AccountClosed(Account),
}

#[derive(Deserialize)]
struct Account {
    account: String,
}

struct Statements;

impl Handler for Statements {
    type Event = AccountEvent;

    async fn handle(&self, event: AccountEvent) -> Result<(), HandlerError> {
        let (what, Account { account }) = match event {
            AccountEvent::AccountOpened(account) => ("opened", account),
            AccountEvent::AccountClosed(account) => ("closed", account),
        };
        if account.is_empty() {
            // Of an SQS batch, only this message is redelivered.
            return Err("an account has no number".into());
        }
        telemetry::field("statement", what);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    consumer::run(async || Ok::<_, ConfigError>(Statements)).await
}
