//! Translates changes of the checkout table into events, for the publisher.

use contracts::basket::BasketCheckedOut;
use contracts::{Event, Payload, Published};
use lambdakit::json;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;

use crate::store::CheckoutRecord;

/// The event in a new row. Rows are only inserted, and removed by their time to live.
///
/// # Errors
/// When the row is not a checkout.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    let row: CheckoutRecord = serde_dynamo::from_item(record.change.new_image.clone())?;
    let event: Event<BasketCheckedOut> = json::read(&row.detail)?;
    telemetry::correlate(&event.metadata.correlation_id);
    Ok(Some(Entry::new(BasketCheckedOut::SOURCE, BasketCheckedOut::DETAIL_TYPE, &event)?))
}
