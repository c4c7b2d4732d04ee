//! A function that handles the changes of a table: one item after the other, and four items at once.
//!
//! ```text
//! export SERVICE=demo STAGE=dev METRICS_NAMESPACE=Demo
//! cargo lambda watch --example streams --features messaging
//! cargo lambda invoke streams --data-example dynamodb-event
//! ```

use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer::{self, Handler};
use lambdakit::{ConfigError, telemetry};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Change {
    Insert(Images),
    Modify(Images),
    Remove(Images),
}

/// Items with DynamoDB's types: `{"price": {"N": "9.50"}}`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images {
    old_image: Option<Value>,
    new_image: Option<Value>,
}

struct Watcher;

impl Handler for Watcher {
    type Event = Change;

    const CONCURRENCY: usize = 4;

    async fn handle(&self, change: Change) -> Result<(), HandlerError> {
        let (Change::Insert(images) | Change::Modify(images) | Change::Remove(images)) = change;
        let has_changed = images.old_image != images.new_image;
        telemetry::count("itemsChanged", usize::from(has_changed));
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    consumer::run(async || Ok::<_, ConfigError>(Watcher)).await
}
