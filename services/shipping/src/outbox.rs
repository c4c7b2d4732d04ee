//! What a change of the shipment table means to the rest of the shop: where the shipment stands now.
//!
//! A change that leaves it where it was tells the same event again, for somebody who asked.

use aws_lambda_events::dynamodb::EventRecord;
use domain::OrderId;
use domain::event::shipping::{
    ShipmentCancelled, ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShipmentRefused,
};
use domain::event::{Event, Published};
use lambdakit::batch::HandlerError;
use lambdakit::publish::Entry;
use lambdakit::telemetry;
use serde::Deserialize;
use uuid::Uuid;

use crate::shipment::{ShipmentState, StateChange};

/// As much of a row as is told: the address is not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    order_id: OrderId,
    state: ShipmentState,
    history: Vec<StateChange>,
    correlation_id: String,
}

/// The event that a change of a row asks for.
///
/// # Errors
/// When the row holds something else than a shipment.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    if record.event_name == "REMOVE" {
        return Ok(None);
    }
    let image: Image = serde_dynamo::from_item(record.change.new_image.clone())?;
    telemetry::correlate(&image.correlation_id);
    let order_id = image.order_id;
    match image.state {
        ShipmentState::Created => entry(image, ShipmentCreated { order_id }),
        ShipmentState::Dispatched => entry(image, ShipmentDispatched { order_id }),
        ShipmentState::Delivered => entry(image, ShipmentDelivered { order_id }),
        ShipmentState::Refused => entry(image, ShipmentRefused { order_id }),
        ShipmentState::Cancelled => entry(image, ShipmentCancelled { order_id }),
    }
}

/// A shipment comes to each state once, so order and fact name the event.
fn entry<D: Published>(image: Image, fact: D) -> Result<Option<Entry>, HandlerError> {
    let Image { order_id, state, history, correlation_id } = image;
    let came = history.iter().find(|change| change.state == state);
    let at = came.ok_or("the shipment's history lacks its state")?.at;
    let id = Uuid::new_v5(&order_id.into(), D::DETAIL_TYPE.as_bytes());
    let event = Event::new(id, correlation_id, at, fact);
    Ok(Some(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?))
}
