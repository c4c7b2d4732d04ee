//! Handler for the commands of ordering: charge an order, or ensure that nothing is charged for it.
//!
//! If the provider does not answer, the command stays on the queue. When it is redelivered, the
//! handler repeats the same request.

use contracts::Event;
use contracts::payment::{ChargePayment, RefundPayment};
use domain::{Money, Timestamp};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use serde::Deserialize;

use crate::payment::{Payment, PaymentState, Refund};
use crate::provider::{Provider, ProviderError};
use crate::store::PaymentStore;

/// The commands that payment accepts.
#[derive(Clone, Debug, Deserialize)]
pub enum PaymentCommand {
    /// Charge an order.
    ChargePayment(Event<ChargePayment>),
    /// Ensure that nothing is charged.
    RefundPayment(Event<RefundPayment>),
}

/// Handles payment commands.
#[derive(Clone, Debug)]
pub struct PaymentHandler<P> {
    payments: PaymentStore,
    provider: P,
}

/// A command has another price than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order was to be charged another price before")]
pub struct OtherPrice;

impl<P: Provider> PaymentHandler<P> {
    /// A handler for these payments, at this provider.
    #[must_use]
    pub fn new(payments: PaymentStore, provider: P) -> Self {
        Self { payments, provider }
    }

    async fn charge(&self, Event { metadata, data }: Event<ChargePayment>) -> Result<(), HandlerError> {
        let price = Money::from_amount(data.amount, data.currency)?;
        let intent = Payment::begin(&data, metadata.correlation_id, Timestamp::now())?;
        let payment = self.payments.begin(intent).await?;
        // A payment that was cancelled before its charge has no price.
        if payment.price.is_some_and(|before| before != price) {
            return Err(OtherPrice.into());
        }
        let (PaymentState::Pending, Some(source)) = (payment.state, &data.payment.token) else {
            return Ok(());
        };
        let charge = match &payment.charge_id {
            None => self.provider.charge(data.order_id, price, source).await?,
            // A repeated charge request would return the first response; this returns the current
            // state.
            Some(id) => self.provider.find(id).await?,
        };
        if !payment.is_of(&charge) {
            let error = "it answered with another charge than was asked for";
            return Err(ProviderError::Broken(error.to_owned()).into());
        }
        let learnt = self.payments.change(payment, |payment| payment.learn(&charge, Timestamp::now()));
        match learnt.await?.0.state {
            PaymentState::Settled => telemetry::metric_count("PaymentsSettled", 1),
            PaymentState::Declined => telemetry::metric_count("PaymentsDeclined", 1),
            _ => telemetry::count("paymentsLeftOpen", 1),
        }
        Ok(())
    }

    async fn refund(&self, Event { metadata, data }: Event<RefundPayment>) -> Result<(), HandlerError> {
        let never = Payment::never(data.order_id, metadata.correlation_id, Timestamp::now());
        let payment = self.payments.begin(never.clone()).await?;
        if payment == never {
            return Ok(());
        }
        let cancelled = self.payments.change(payment, |payment| payment.cancel(Timestamp::now()));
        let (payment, Refund::ToBeAsked) = cancelled.await? else { return Ok(()) };
        let given_back = self.provider.refund(data.order_id).await?;
        let gave_back =
            self.payments.change(payment, |payment| payment.gave_back(given_back, Timestamp::now()));
        gave_back.await?.1?;
        telemetry::metric_count("PaymentsRefunded", 1);
        Ok(())
    }
}

impl<P: Provider> consumer::Handler for PaymentHandler<P> {
    type Event = PaymentCommand;

    async fn handle(&self, command: PaymentCommand) -> Result<(), HandlerError> {
        match command {
            PaymentCommand::ChargePayment(command) => self.charge(command).await,
            PaymentCommand::RefundPayment(command) => self.refund(command).await,
        }
    }
}
