//! Publishes each change of the stock table.

use inventory::outbox::translate;
use lambdakit::aws::Aws;
use lambdakit::config;
use lambdakit::outbox::{self, Outbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    outbox::run(async || {
        let translate = translate(config::parsed("LOW_STOCK_THRESHOLD")?);
        Outbox::from_env(&Aws::connected_to("events").await?, translate)
    })
    .await
}
