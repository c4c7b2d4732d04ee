//! Publishes each checkout.

use basket::outbox::translate;
use lambdakit::aws::Aws;
use lambdakit::config;
use lambdakit::outbox::{self, Outbox, RetryQueue};
use lambdakit::publish::Publisher;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    outbox::run(async || {
        let aws = Aws::from_env()?;
        let publisher = Publisher::new(aws.eventbridge(), config::required("EVENT_BUS")?);
        let retries = RetryQueue::new(aws.sqs(), config::required("RETRY_QUEUE_URL")?);
        Ok(Outbox::new(publisher, retries, translate))
    })
    .await
}
