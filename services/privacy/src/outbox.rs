//! Translates changes of the privacy table into events, for the publisher.

use contracts::privacy::{CustomerErasureRequested, CustomerExportRequested};
use contracts::{Event, Published};
use domain::{CustomerId, Timestamp};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;
use serde::Deserialize;
use uuid::Uuid;

use crate::store::{ERASURE, EXPORT};

/// A row as in the stream record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    customer_id: CustomerId,
    item: String,
    /// Only requests have one.
    request_id: Option<Uuid>,
    #[serde(default)]
    requested_at: Option<Timestamp>,
    #[serde(default)]
    correlation_id: String,
}

/// The event for a new request: one that did not exist before, or that replaces one with another
/// id.
///
/// # Errors
/// When the row cannot be read.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    let image = |item: &serde_dynamo::Item| serde_dynamo::from_item::<_, Image>(item.clone());
    if record.event_name == "REMOVE" {
        return Ok(None);
    }
    let new = image(&record.change.new_image)?;
    let before = match &*record.event_name {
        "MODIFY" => image(&record.change.old_image)?.request_id,
        _ => None,
    };
    let Some(id) = new.request_id.filter(|id| before != Some(*id)) else { return Ok(None) };
    telemetry::correlate(&new.correlation_id);
    let (customer_id, at) = (new.customer_id, new.requested_at.unwrap_or_else(Timestamp::now));
    match &*new.item {
        EXPORT => entry(id, new.correlation_id, at, CustomerExportRequested { customer_id, export_id: id }),
        ERASURE => {
            entry(id, new.correlation_id, at, CustomerErasureRequested { customer_id, erasure_id: id })
        }
        _ => Ok(None),
    }
}

/// A redelivered record yields the same event.
fn entry<D: Published>(
    id: Uuid,
    correlation_id: String,
    at: Timestamp,
    payload: D,
) -> Result<Option<Entry>, HandlerError> {
    let event = Event::new(id, correlation_id, at, payload);
    Ok(Some(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?))
}
