//! What a change of the checkout table means to the rest of the shop.

use aws_lambda_events::dynamodb::EventRecord;
use domain::event::{BasketCheckedOut, Event, Fact, Published};
use lambdakit::batch::{self, HandlerError};
use lambdakit::publish::Entry;
use lambdakit::telemetry;

use crate::store::CheckoutRecord;

/// The event that stands in a new row. Rows only ever come and, by their time to live, go.
///
/// # Errors
/// When the row holds something else than a checkout.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    let row: CheckoutRecord = serde_dynamo::from_item(record.change.new_image.clone())?;
    let event: Event<BasketCheckedOut> = batch::read(&row.detail)?;
    telemetry::correlate(&event.metadata.correlation_id);
    Ok(Some(Entry::new(BasketCheckedOut::SOURCE, BasketCheckedOut::DETAIL_TYPE, &event)?))
}
