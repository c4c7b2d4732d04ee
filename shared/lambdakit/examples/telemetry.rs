//! A function whose log line has fields, a metric, and the events of its libraries.
//!
//! ```text
//! export SERVICE=demo STAGE=dev METRICS_NAMESPACE=Demo
//! cargo lambda watch --example telemetry --features messaging,tracing
//! cargo lambda invoke telemetry --data-ascii '{"source": "bank", "detail-type": "AccountClosed",
//!     "detail": {"balance": 7}}'
//! ```

use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer::{self, Handler};
use lambdakit::telemetry::subscriber::{self, Allowed};
use lambdakit::{ConfigError, telemetry};
use serde::Deserialize;

/// Everything else that `tracing` records may be personal.
const ALLOWED: &[Allowed] = &[Allowed { target: "telemetry", fields: &["balance"] }];

#[derive(Deserialize)]
enum AccountEvent {
    AccountClosed { balance: u64 },
}

struct Accounts;

impl Handler for Accounts {
    type Event = AccountEvent;

    async fn handle(
        &self,
        AccountEvent::AccountClosed { balance }: AccountEvent,
    ) -> Result<(), HandlerError> {
        tracing::info!(balance, "account closed");
        telemetry::field("isEmpty", &(balance == 0));
        telemetry::metric_count("AccountsClosed", 1);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    subscriber::init(ALLOWED);
    consumer::run(async || Ok::<_, ConfigError>(Accounts)).await
}
