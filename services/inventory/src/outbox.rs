//! Events for changes of the stock table.

use contracts::inventory::{StockChanged, StockLow, StockReleased, StockReserved, StockShipped};
use contracts::{Event, Published};
use domain::Timestamp;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::reservation::{Reservation, State};
use crate::store::{Kind, ReservationRow, Stock, StockRow};

/// Why a stream record is not a change of the stock.
#[derive(Debug, thiserror::Error)]
enum ChangeError {
    #[error("a row of the stock table is none of ours")]
    Row,
}

/// The part of a row that all kinds have.
#[derive(Deserialize)]
struct Image {
    item: String,
}

/// The events for a change. `StockLow` means that fewer than `threshold` units are on hand.
///
/// Rows that their time to live has removed have no events. Receipts have none either: the stock
/// that they change has.
///
/// # Errors
/// When the row is not one of this table.
pub fn translate(threshold: u64) -> impl Fn(&EventRecord) -> Result<Vec<Entry>, HandlerError> {
    move |record| {
        if record.event_name == "REMOVE" {
            return Ok(Vec::new());
        }
        let Image { item } = image(&record.change.new_image)?;
        match Kind::of(&item).ok_or(ChangeError::Row)? {
            Kind::Product => stock(record, threshold),
            Kind::Order => Ok(reservation(record)?.into_iter().collect()),
            Kind::Receipt => Ok(Vec::new()),
        }
    }
}

fn stock(record: &EventRecord, threshold: u64) -> Result<Vec<Entry>, HandlerError> {
    let StockRow { stock, correlation_id } = image(&record.change.new_image)?;
    let before: Option<StockRow> = old(record)?;
    let Stock { product_id, on_hand, reserved, version, updated_at: at, .. } = stock;
    telemetry::correlate(&correlation_id);
    let names = (Uuid::from(product_id), format!("#{version}"), correlation_id);
    let mut entries = vec![entry(&names, at, StockChanged { product_id, on_hand, reserved, version })?];
    let was_enough = before.is_some_and(|before| before.stock.on_hand >= threshold);
    if was_enough && on_hand < threshold {
        entries.push(entry(&names, at, StockLow { product_id, on_hand, threshold })?);
    }
    Ok(entries)
}

/// An order's row has an event when all of its units are reserved, and when they leave that state.
/// In a large order the second event precedes the move of the last units.
fn reservation(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    let ReservationRow { reservation, updated_at: at, correlation_id, .. } = image(&record.change.new_image)?;
    let before: Option<ReservationRow> = old(record)?;
    let has_reserved = |row: &Reservation| row.state == State::Reserved && row.is_settled();
    let was_reserved = before.is_some_and(|before| has_reserved(&before.reservation));
    let is_reserved = has_reserved(&reservation);
    let Reservation { order_id, units, state, .. } = reservation;
    telemetry::correlate(&correlation_id);
    let names = (Uuid::from(order_id), String::new(), correlation_id);
    let published = match state {
        State::Reserved if is_reserved && !was_reserved => {
            entry(&names, at, StockReserved { order_id, units })?
        }
        State::Released if was_reserved => entry(&names, at, StockReleased { order_id, units })?,
        State::Shipped if was_reserved => entry(&names, at, StockShipped { order_id, units })?,
        _ => return Ok(None),
    };
    Ok(Some(published))
}

fn image<T: DeserializeOwned>(item: &serde_dynamo::Item) -> Result<T, HandlerError> {
    Ok(serde_dynamo::from_item(item.clone())?)
}

fn old<T: DeserializeOwned>(record: &EventRecord) -> Result<Option<T>, HandlerError> {
    if record.event_name == "MODIFY" { image(&record.change.old_image).map(Some) } else { Ok(None) }
}

/// The event id derives from the product or order, the event type and the stock version. So a
/// redelivered record has the same event.
fn entry<D: Published>(
    (about, telling, correlation_id): &(Uuid, String, String),
    at: Timestamp,
    payload: D,
) -> Result<Entry, HandlerError> {
    let id = Uuid::new_v5(about, format!("{}{telling}", D::DETAIL_TYPE).as_bytes());
    let event = Event::new(id, correlation_id.clone(), at, payload);
    Ok(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?)
}
