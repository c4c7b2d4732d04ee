//! Publishes how payments end.

use lambdakit::aws::Aws;
use lambdakit::outbox::{self, Outbox};
use payment::outbox::translate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    outbox::run(async || Outbox::from_env(&Aws::connected_to("events").await?, translate)).await
}
