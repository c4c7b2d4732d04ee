//! Publishes each new row of an orders table: the function of a DynamoDB stream with new images.
//!
//! It needs `EVENT_BUS`, `QUARANTINE_QUEUE_URL` and the credentials of an account, or
//! `AWS_ENDPOINT_URL`. `cargo lambda watch --example outbox --features outbox`

use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::{self, EventRecord, Outbox};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderCreated {
    order_id: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    outbox::run(publisher).await
}

async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}

/// One event for a new row, none for any other change. A record that cannot be translated goes to
/// the quarantine.
fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    let id = record.change.new_image.get("id").ok_or("a row has no id")?;
    let serde_dynamo::AttributeValue::S(order_id) = id else { return Err("an id is no text".into()) };
    Ok(Some(Entry::new("orders", "OrderCreated", &OrderCreated { order_id: order_id.clone() })?))
}
