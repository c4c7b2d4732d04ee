//! Translates changes of the shipment table into events about the shipment's state, for the
//! publisher.
//!
//! A change that keeps the state publishes the same event again, for a requester that missed it.

use contracts::shipping::{
    ShipmentCancelled, ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShipmentRefused,
};
use contracts::{Event, Published};
use domain::OrderId;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;
use serde::Deserialize;
use uuid::Uuid;

use crate::shipment::{ShipmentState, StateChange};

/// The attributes of a row that events need. The address is not one of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    order_id: OrderId,
    state: ShipmentState,
    history: Vec<StateChange>,
    correlation_id: String,
}

/// The event for a changed row; `None` if the row was removed.
///
/// # Errors
/// When the row is not a shipment.
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

/// A shipment enters each state once, so the order id and the event's type identify the event.
fn entry<D: Published>(image: Image, payload: D) -> Result<Option<Entry>, HandlerError> {
    let Image { order_id, state, history, correlation_id } = image;
    let came = history.iter().find(|change| change.state == state);
    let at = came.ok_or("the shipment's history lacks its state")?.at;
    let id = Uuid::new_v5(&order_id.into(), D::DETAIL_TYPE.as_bytes());
    let event = Event::new(id, correlation_id, at, payload);
    Ok(Some(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?))
}
