//! Events for changes of the order table: one for each status that an order reaches.

use contracts::ordering::{
    OrderCancellationRequested, OrderCancelled, OrderDelivered, OrderPaid, OrderPlaced, OrderRejected,
    OrderShipped, OrderStockReserved,
};
use contracts::{Event, Published};
use domain::Timestamp;
use domain::order::{Order, OrderStatus, Reason, StatusChange};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;
use serde_dynamo::Item;
use uuid::Uuid;

use crate::store::is_moved;

/// Why a stream record is not a valid change of an order.
#[derive(Debug, thiserror::Error)]
enum ChangeError {
    #[error("an order came to {0} without a reason")]
    NoReason(OrderStatus),
}

/// The event for a change, if the change has one.
///
/// An order that is anonymised moves to another key without a status change, so it has no event.
///
/// # Errors
/// When the record does not hold an order.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    let (old, new) = (order(&record.change.old_image)?, order(&record.change.new_image)?);
    let Some(order) = new else { return Ok(None) };
    telemetry::correlate(&order.correlation_id);
    match (old, order.history.last()) {
        (None, Some(_)) if is_moved(&record.change.new_image) => Ok(None),
        (None, Some(&change)) => status_event(&order, change),
        (Some(before), Some(&change)) if order.history.len() > before.history.len() => {
            status_event(&order, change)
        }
        (Some(Order { cancel_requested_at: None, .. }), _) => match order.cancel_requested_at {
            Some(at) => {
                let Order { order_id, customer_id, user_name, .. } = order.clone();
                entry(&order, at, OrderCancellationRequested { order_id, customer_id, user_name })
            }
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// The order in an image; none if there is no image, or if it is that of a tombstone.
fn order(image: &Item) -> Result<Option<Order>, HandlerError> {
    if !image.contains_key("orderDate") {
        return Ok(None);
    }
    Ok(Some(serde_dynamo::from_item(image.clone())?))
}

fn status_event(
    order: &Order,
    StatusChange { status, at, reason }: StatusChange,
) -> Result<Option<Entry>, HandlerError> {
    let Order { order_id, customer_id, user_name, .. } = order.clone();
    let reason = || -> Result<Reason, ChangeError> { reason.ok_or(ChangeError::NoReason(status)) };
    match status {
        OrderStatus::Pending => {
            let price = order.total_price;
            let (total_price, currency) = (price.amount(), price.currency());
            entry(
                order,
                at,
                OrderPlaced { order_id, customer_id, user_name, units: order.units(), total_price, currency },
            )
        }
        OrderStatus::StockReserved => {
            entry(order, at, OrderStockReserved { order_id, customer_id, user_name })
        }
        OrderStatus::Paid => entry(order, at, OrderPaid { order_id, customer_id, user_name }),
        OrderStatus::Shipped => entry(order, at, OrderShipped { order_id, customer_id, user_name }),
        OrderStatus::Delivered => entry(order, at, OrderDelivered { order_id, customer_id, user_name }),
        OrderStatus::Rejected => {
            entry(order, at, OrderRejected { order_id, customer_id, user_name, reason: reason()? })
        }
        OrderStatus::Cancelled => {
            entry(order, at, OrderCancelled { order_id, customer_id, user_name, reason: reason()? })
        }
    }
}

/// An order reaches each status once, so the event id derives from the event type and the order id.
fn entry<F: Published>(order: &Order, at: Timestamp, payload: F) -> Result<Option<Entry>, HandlerError> {
    let id = Uuid::new_v5(&order.order_id.into(), F::DETAIL_TYPE.as_bytes());
    let event = Event::new(id, order.correlation_id.clone(), at, payload);
    Ok(Some(Entry::new(F::SOURCE, F::DETAIL_TYPE, &event)?))
}
