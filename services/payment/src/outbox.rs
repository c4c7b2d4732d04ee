//! Events for changes of the payment table. A payment was settled, declined or refunded, a finished
//! refund was requested again, or a further part was refunded.

use contracts::payment::{PaymentDeclined, PaymentPartiallyRefunded, PaymentRefunded, PaymentSettled};
use contracts::{Event, Published};
use domain::{Money, Timestamp};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;
use uuid::Uuid;

use crate::payment::{Payment, PaymentState};

/// The events for a change of a row.
///
/// # Errors
/// When the row does not hold a payment.
pub fn translate(record: &EventRecord) -> Result<Vec<Entry>, HandlerError> {
    if record.event_name == "REMOVE" {
        return Ok(Vec::new());
    }
    let payment: Payment = serde_dynamo::from_item(record.change.new_image.clone())?;
    telemetry::correlate(&payment.correlation_id);
    let mut refunded_before = None;
    let mut has_new_state = true;
    if record.event_name == "MODIFY" {
        let before: Payment = serde_dynamo::from_item(record.change.old_image.clone())?;
        has_new_state = (before.state, before.asked_at) != (payment.state, payment.asked_at);
        refunded_before = before.refunded;
    }
    let new_state = if has_new_state { of_state(&payment)? } else { None };
    let partial_refund =
        if payment.refunded == refunded_before { None } else { of_partial_refund(&payment)? };
    Ok(new_state.into_iter().chain(partial_refund).collect())
}

/// The event for the state of a payment, if the state has one.
fn of_state(payment: &Payment) -> Result<Option<Entry>, HandlerError> {
    let order_id = payment.order_id;
    let entry = match payment.state {
        PaymentState::Pending | PaymentState::Refunding => return Ok(None),
        PaymentState::Settled => {
            let price = payment.price.ok_or("a payment without a price is settled")?;
            let (amount, currency) = (price.amount(), price.currency());
            state_entry(payment, PaymentSettled { order_id, amount, currency })
        }
        PaymentState::Declined => {
            let reason = payment.reason.ok_or("a payment was declined for no reason")?;
            state_entry(payment, PaymentDeclined { order_id, reason })
        }
        PaymentState::Refunded => {
            let nothing = payment.price.map(|price| Money::zero(price.currency()));
            let refunded = payment.refunded.or(nothing);
            let amount = refunded.map_or_else(|| 0.into(), Money::amount);
            state_entry(
                payment,
                PaymentRefunded { order_id, amount, currency: refunded.map(Money::currency) },
            )
        }
    };
    entry.map(Some)
}

/// A payment reaches each state once, so the event id derives from the order id and the event type.
fn state_entry<D: Published>(payment: &Payment, payload: D) -> Result<Entry, HandlerError> {
    let came = payment.history.iter().find(|change| change.state == payment.state);
    let at = came.ok_or("the payment's history lacks its state")?.at;
    entry(payment, D::DETAIL_TYPE, at, payload)
}

/// The event for a further partial refund, if the payment has one. The amount only grows, so it is
/// part of the event id.
fn of_partial_refund(payment: &Payment) -> Result<Option<Entry>, HandlerError> {
    let (Some(refunded), Some(price)) = (payment.refunded, payment.price) else { return Ok(None) };
    if payment.state == PaymentState::Refunded {
        return Ok(None);
    }
    let at = payment.refunded_at.ok_or("a payment was refunded at no time")?;
    let payload = PaymentPartiallyRefunded {
        order_id: payment.order_id,
        amount: refunded.amount(),
        charged: price.amount(),
        currency: price.currency(),
    };
    entry(payment, &format!("PaymentPartiallyRefunded {}", refunded.minor()), at, payload).map(Some)
}

fn entry<D: Published>(
    payment: &Payment,
    name: &str,
    at: Timestamp,
    payload: D,
) -> Result<Entry, HandlerError> {
    let id = Uuid::new_v5(&payment.order_id.into(), name.as_bytes());
    let event = Event::new(id, payment.correlation_id.clone(), at, payload);
    Ok(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?)
}
