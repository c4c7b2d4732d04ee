//! What a change of the payment table means to the rest of the shop: that the payment came to an end of some kind, or
//! that somebody asks for one that it has come to.

use aws_lambda_events::dynamodb::EventRecord;
use domain::Money;
use domain::event::payment::{PaymentDeclined, PaymentRefunded, PaymentSettled};
use domain::event::{Event, Published};
use lambdakit::batch::HandlerError;
use lambdakit::publish::Entry;
use lambdakit::telemetry;
use uuid::Uuid;

use crate::payment::{Payment, PaymentState};

/// The event that a change of a row asks for.
///
/// # Errors
/// When the row holds something else than a payment.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    if record.event_name == "REMOVE" {
        return Ok(None);
    }
    let payment: Payment = serde_dynamo::from_item(record.change.new_image.clone())?;
    telemetry::correlate(&payment.correlation_id);
    if record.event_name == "MODIFY" {
        let before: Payment = serde_dynamo::from_item(record.change.old_image.clone())?;
        if (before.state, before.asked_at) == (payment.state, payment.asked_at) {
            return Ok(None);
        }
    }
    let order_id = payment.order_id;
    match payment.state {
        PaymentState::Pending | PaymentState::Refunding => Ok(None),
        PaymentState::Settled => {
            let price = payment.price.ok_or("a payment without a price is settled")?;
            let (amount, currency) = (price.amount(), price.currency());
            tell(&payment, PaymentSettled { order_id, amount, currency })
        }
        PaymentState::Declined => {
            let reason = payment.reason.ok_or("a payment was declined for no reason")?;
            tell(&payment, PaymentDeclined { order_id, reason })
        }
        PaymentState::Refunded => {
            let nothing = payment.price.map(|price| Money::zero(price.currency()));
            let refunded = payment.refunded.or(nothing);
            let amount = refunded.map_or_else(|| 0.into(), Money::amount);
            tell(&payment, PaymentRefunded { order_id, amount, currency: refunded.map(Money::currency) })
        }
    }
}

/// A payment comes to each state once, so order and fact name the event.
fn tell<D: Published>(payment: &Payment, fact: D) -> Result<Option<Entry>, HandlerError> {
    let came = payment.history.iter().find(|change| change.state == payment.state);
    let at = came.ok_or("the payment's history lacks its state")?.at;
    let id = Uuid::new_v5(&payment.order_id.into(), D::DETAIL_TYPE.as_bytes());
    let event = Event::new(id, payment.correlation_id.clone(), at, fact);
    Ok(Some(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?))
}
