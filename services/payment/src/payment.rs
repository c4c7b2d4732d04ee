//! The payment of an order, and the transitions between its states.
//!
//! ```text
//!            ┌──> SETTLED ──┐
//! PENDING ───┼──────────────┼──> REFUNDING ──> REFUNDED
//!            └──> DECLINED ─┼────────────────────^
//! (nothing) ────────────────┴────────────────────┘
//! ```
//!
//! No transition leads back, so a duplicate, late or out-of-order message changes nothing. There is
//! one exception: a refund that is requested again is recorded, and its event is published again.
//!
//! The provider reports refunds as the total amount refunded so far. A partially refunded payment
//! keeps its state, since the rest is still charged. It becomes `REFUNDED` when the amount has
//! reached the charge.

use std::collections::BTreeMap;

use contracts::payment::ChargePayment;
use domain::checkout::PaymentMethod;
use domain::payment::DeclineReason;
use domain::{Money, MoneyError, OrderId, Timestamp};
use lambdakit::webhooks::TOLERANCE_SECONDS;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::provider::{Charge, ChargeState};

/// The state of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentState {
    /// A charge is requested, and the provider has not reported its outcome.
    Pending,
    /// Charged; for an invoice, owed.
    Settled,
    /// Not charged, finally.
    Declined,
    /// A refund is requested, and the provider has not confirmed it.
    Refunding,
    /// Refunded in full, or cancelled before it was charged.
    Refunded,
}

/// One entry of a payment's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentStateChange"))]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// The state from then on.
    pub state: PaymentState,
    /// When the payment entered the state.
    pub at: Timestamp,
}

/// The payment of an order. It contains neither the payer nor the payment token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The order.
    pub order_id: OrderId,
    /// The current state.
    pub state: PaymentState,
    /// The state changes, oldest first.
    pub history: Vec<StateChange>,
    /// The amount to pay; missing if the payment was cancelled before it was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// The means of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<PaymentMethod>,
    /// The provider's id of the charge, once it has reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<DeclineReason>,
    /// The total refunded so far. It only grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// When that amount last grew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<Timestamp>,
    /// The webhooks that took effect: their ids, and until when each is kept, in Unix seconds. An
    /// id is written with its effect, so it is stored exactly if its effect is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processed_webhooks: BTreeMap<String, u64>,
    /// When a completed refund was last requested again: the sender may have missed its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Ties the payment to the request that placed the order.
    pub correlation_id: String,
    /// Counts the writes.
    pub version: u64,
    /// Ids of the last changes, latest first. They identify a change whose response was lost, even
    /// after later changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Uuid>,
}

/// How long the id of a webhook is kept after its timestamp, in seconds. A day covers most
/// providers' retry schedules.
const KEPT_SECONDS: u64 = 24 * 60 * 60;
/// The shortest time that an id is kept after the timestamp of each webhook with it, in seconds. It
/// is as long as the timestamp is accepted, and a minute more.
const REPLAYABLE_SECONDS: u64 = TOLERANCE_SECONDS + 60;
/// How many ids are kept at a time: 50 KB of the 400 KB of a row. None is dropped for another.
const MAX_PROCESSED_WEBHOOKS: usize = 500;

/// Whether a webhook may take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookClaim {
    /// It takes effect now.
    New,
    /// It took effect before.
    Replayed,
    /// Too many ids are stored to add another one: the sender must retry later.
    Full,
}

/// The provider reports a total refund that differs from the amount charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider refunded another amount than was charged")]
pub struct RefundMismatch;

/// What is left to do when a payment is to be refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// The provider must be called.
    ToBeAsked,
    /// Nothing.
    Settled,
}

impl Payment {
    /// The payment that a command requests.
    ///
    /// Nothing is charged for an invoice before the parcel arrives, so it counts as settled. All
    /// other means of payment are declined without a token.
    ///
    /// # Errors
    /// When the amount is not valid in its currency.
    pub fn begin(command: &ChargePayment, correlation_id: String, at: Timestamp) -> Result<Self, MoneyError> {
        let price = Money::from_amount(command.amount, command.currency)?;
        let (state, reason) = match (command.payment.method, &command.payment.token) {
            (PaymentMethod::Invoice, _) => (PaymentState::Settled, None),
            // Nothing is owed, and no provider charges an amount of zero.
            _ if price.minor() == 0 => (PaymentState::Settled, None),
            (_, Some(_)) => (PaymentState::Pending, None),
            (_, None) => (PaymentState::Declined, Some(DeclineReason::UnknownToken)),
        };
        let payment = Self::new(command.order_id, state, correlation_id, at);
        Ok(Self { price: Some(price), method: Some(command.payment.method), reason, ..payment })
    }

    /// The record of a payment that was cancelled before it was requested. It prevents a later
    /// charge.
    #[must_use]
    pub fn never(order_id: OrderId, correlation_id: String, at: Timestamp) -> Self {
        Self::new(order_id, PaymentState::Refunded, correlation_id, at)
    }

    fn new(order_id: OrderId, state: PaymentState, correlation_id: String, at: Timestamp) -> Self {
        Self {
            order_id,
            state,
            history: vec![StateChange { state, at }],
            price: None,
            method: None,
            charge_id: None,
            reason: None,
            refunded: None,
            refunded_at: None,
            processed_webhooks: BTreeMap::new(),
            asked_at: None,
            correlation_id,
            version: 1,
            changes: Vec::new(),
        }
    }

    /// Whether the provider has a charge for it, or may have: an invoice is never charged.
    #[must_use]
    pub fn is_charged_by_provider(&self) -> bool {
        let is_free = self.price.is_some_and(|price| price.minor() == 0);
        !is_free && matches!(self.method, Some(PaymentMethod::Card | PaymentMethod::Paypal))
    }

    /// Whether this charge of the provider's can be the payment's.
    #[must_use]
    pub fn is_of(&self, charge: &Charge) -> bool {
        self.is_charged_by_provider()
            && self.price == Some(charge.price)
            && self.charge_id.as_ref().is_none_or(|id| *id == charge.id)
    }

    /// Applies the charge that the provider reports. A late report changes nothing.
    pub fn learn(&mut self, charge: &Charge, at: Timestamp) {
        use PaymentState::{Declined, Pending, Refunded, Refunding, Settled};
        if !self.is_charged_by_provider() {
            return;
        }
        match (self.state, charge.state) {
            // It may have been refunded at the provider, in whole or in part.
            (Pending | Settled | Refunding, ChargeState::Settled { refunded }) => {
                self.learn_settled(charge.price, refunded, at);
            }
            (Pending, ChargeState::Declined(reason)) => {
                self.reason = Some(reason);
                self.come_to(Declined, at);
            }
            _ => {}
        }
        // This id is needed to look up a charge that is still open.
        if self.state != Refunded {
            self.charge_id.get_or_insert_with(|| charge.id.clone());
        }
    }

    fn learn_settled(&mut self, price: Money, refunded: Money, at: Timestamp) {
        let has_grown = refunded.minor() > self.refunded.map_or(0, Money::minor);
        if has_grown {
            self.refunded = Some(refunded);
            self.refunded_at = Some(at);
        }
        if has_grown && refunded.minor() >= price.minor() {
            self.come_to(PaymentState::Refunded, at);
        } else if self.state == PaymentState::Pending {
            self.come_to(PaymentState::Settled, at);
        }
    }

    /// Stores the id of a webhook with this timestamp, in Unix seconds, that is to take effect
    /// `now`.
    pub fn claim_webhook(&mut self, id: &str, timestamp: u64, now: u64) -> WebhookClaim {
        if let Some(kept_until) = self.processed_webhooks.get_mut(id) {
            // A resent webhook is signed again, with another timestamp.
            if *kept_until < timestamp.saturating_add(REPLAYABLE_SECONDS) {
                *kept_until = timestamp.saturating_add(KEPT_SECONDS);
            }
            return WebhookClaim::Replayed;
        }
        self.processed_webhooks.retain(|_, kept_until| *kept_until >= now);
        if self.processed_webhooks.len() >= MAX_PROCESSED_WEBHOOKS {
            return WebhookClaim::Full;
        }
        self.processed_webhooks.insert(id.to_owned(), timestamp.saturating_add(KEPT_SECONDS));
        WebhookClaim::New
    }

    /// Records that the payment is to be refunded. If it is refunded already, records the request,
    /// so that the event is published again.
    pub fn cancel(&mut self, at: Timestamp) -> Refund {
        use PaymentState::{Declined, Pending, Refunded, Refunding, Settled};
        match self.state {
            Refunded => {
                self.asked_at = Some(at);
                Refund::Settled
            }
            Refunding => Refund::ToBeAsked,
            Pending | Settled if self.is_charged_by_provider() => {
                self.come_to(Refunding, at);
                Refund::ToBeAsked
            }
            Pending | Settled | Declined => {
                self.come_to(Refunded, at);
                Refund::Settled
            }
        }
    }

    /// Records the total refunded, as the provider reported it for a refund of the whole charge.
    ///
    /// # Errors
    /// When that is neither all that was charged nor, if nothing was ever charged, zero. The
    /// payment stays unchanged.
    pub fn gave_back(&mut self, refunded: Option<Money>, at: Timestamp) -> Result<(), RefundMismatch> {
        if self.state != PaymentState::Refunding {
            return Ok(());
        }
        let was_charged = self.refunded.is_some()
            || self.history.iter().any(|change| change.state == PaymentState::Settled);
        let is_nothing = refunded.is_none_or(|refunded| {
            refunded.minor() == 0 && self.price.is_none_or(|price| price.currency() == refunded.currency())
        });
        if refunded != self.price && (was_charged || !is_nothing) {
            return Err(RefundMismatch);
        }
        self.refunded = refunded;
        self.refunded_at = Some(at);
        self.come_to(PaymentState::Refunded, at);
        Ok(())
    }

    fn come_to(&mut self, state: PaymentState, at: Timestamp) {
        self.state = state;
        self.history.push(StateChange { state, at });
    }
}

#[cfg(test)]
mod tests {
    use domain::checkout;
    use proptest::prelude::*;

    use super::*;

    /// Anything that can happen to a payment.
    #[derive(Clone, Debug)]
    enum PaymentEvent {
        Told(ChargeState),
        Cancelled,
        GaveBack(Option<Money>),
    }

    fn money(minor: u64) -> Money {
        Money::from_minor(minor, "USD".parse().unwrap())
    }

    fn charge(state: ChargeState) -> Charge {
        Charge { id: "ch_1".to_owned(), price: money(1990), state }
    }

    /// A settled charge with this amount refunded.
    fn settled(refunded: u64) -> ChargeState {
        ChargeState::Settled { refunded: money(refunded) }
    }

    fn payment(method: PaymentMethod, token: Option<&str>) -> Payment {
        payment_of("19.90", method, token)
    }

    fn payment_of(amount: &str, method: PaymentMethod, token: Option<&str>) -> Payment {
        let command = ChargePayment {
            order_id: "019c1431-2e60-7000-8000-000000000001".parse().unwrap(),
            amount: amount.parse().unwrap(),
            currency: "USD".parse().unwrap(),
            payment: checkout::Payment { method, token: token.map(|token| token.parse().unwrap()) },
        };
        Payment::begin(&command, "c-1".to_owned(), Timestamp::now()).unwrap()
    }

    /// The payment without `asked_at`.
    fn unasked(payment: &Payment) -> Payment {
        Payment { asked_at: None, ..payment.clone() }
    }

    fn begun() -> impl Strategy<Value = Payment> {
        let methods = [PaymentMethod::Card, PaymentMethod::Paypal, PaymentMethod::Invoice];
        (prop::sample::select(methods.to_vec()), prop::option::of(Just("tok_visa")))
            .prop_map(|(method, token)| payment(method, token))
    }

    fn event() -> impl Strategy<Value = PaymentEvent> {
        prop_oneof![
            prop_oneof![
                Just(ChargeState::Pending),
                (0_u64..=1990).prop_map(settled),
                Just(settled(0)),
                Just(settled(1990)),
                Just(ChargeState::Declined(DeclineReason::InsufficientFunds)),
                Just(ChargeState::Canceled),
            ]
            .prop_map(PaymentEvent::Told),
            Just(PaymentEvent::Cancelled),
            Just(PaymentEvent::GaveBack(None)),
            Just(PaymentEvent::GaveBack(Some(money(1990)))),
        ]
    }

    fn happen(payment: &mut Payment, event: &PaymentEvent) {
        let at = Timestamp::now();
        match event {
            PaymentEvent::Told(state) => payment.learn(&charge(*state), at),
            PaymentEvent::Cancelled => drop(payment.cancel(at)),
            PaymentEvent::GaveBack(money) => {
                payment.gave_back(*money, at).ok();
            }
        }
    }

    #[test]
    fn an_order_that_was_free_is_cancelled_without_the_provider() {
        let mut free = payment_of("0", PaymentMethod::Card, Some("tok_visa"));
        assert_eq!(free.state, PaymentState::Settled);
        assert_eq!(free.cancel(Timestamp::now()), Refund::Settled);
        assert_eq!((free.state, free.refunded), (PaymentState::Refunded, None));
    }

    proptest! {
        #[test]
        fn payment_states_only_advance(
            mut payment in begun(),
            happenings in prop::collection::vec(event(), 0..12),
        ) {
            for event in &happenings {
                happen(&mut payment, event);
            }
            let states: Vec<_> = payment.history.iter().map(|change| change.state).collect();
            // The states are in the order of their transitions.
            prop_assert!(states.is_sorted_by(|before, after| before < after), "{:?}", states);
            prop_assert_eq!(states.last(), Some(&payment.state));
            let both = states.contains(&PaymentState::Settled) && states.contains(&PaymentState::Declined);
            prop_assert!(!both, "{:?}", states);
        }

        #[test]
        fn repeated_events_change_nothing(
            mut payment in begun(),
            happenings in prop::collection::vec(event(), 1..12),
        ) {
            for event in &happenings {
                happen(&mut payment, event);
                let once = unasked(&payment);
                happen(&mut payment, event);
                prop_assert_eq!(unasked(&payment), once);
            }
        }

        #[test]
        fn cancelled_payments_end_refunded(
            mut payment in begun(),
            before in prop::collection::vec(event(), 0..6),
            after in prop::collection::vec(event(), 0..6),
        ) {
            for event in &before {
                happen(&mut payment, event);
            }
            if payment.cancel(Timestamp::now()) == Refund::ToBeAsked {
                prop_assert_eq!(payment.state, PaymentState::Refunding);
                prop_assert_eq!(payment.gave_back(Some(money(1990)), Timestamp::now()), Ok(()));
            }
            prop_assert_eq!(payment.state, PaymentState::Refunded);
            let ended = unasked(&payment);
            for event in &after {
                happen(&mut payment, event);
            }
            prop_assert_eq!(unasked(&payment), ended);
        }

        #[test]
        fn an_invoice_is_never_charged_and_nothing_of_it_goes_back(
            happenings in prop::collection::vec(Just(PaymentEvent::Cancelled), 1..3),
        ) {
            let mut payment = payment(PaymentMethod::Invoice, None);
            prop_assert_eq!(payment.state, PaymentState::Settled);
            prop_assert!(!payment.is_of(&charge(settled(0))));
            for event in &happenings {
                happen(&mut payment, event);
            }
            prop_assert_eq!((payment.state, payment.refunded), (PaymentState::Refunded, None));
        }
    }

    #[test]
    fn refunded_amounts_grow_until_they_reach_the_charge() {
        let mut payment = payment(PaymentMethod::Card, Some("tok_visa"));
        payment.learn(&charge(settled(0)), Timestamp::now());
        assert_eq!((payment.state, payment.refunded), (PaymentState::Settled, None));
        for (reported, state, refunded) in [
            (100, PaymentState::Settled, 100),
            (500, PaymentState::Settled, 500),
            // Late reports.
            (100, PaymentState::Settled, 500),
            (0, PaymentState::Settled, 500),
            (1990, PaymentState::Refunded, 1990),
            (500, PaymentState::Refunded, 1990),
        ] {
            payment.learn(&charge(settled(reported)), Timestamp::now());
            assert_eq!((payment.state, payment.refunded), (state, Some(money(refunded))));
        }
        let states: Vec<_> = payment.history.iter().map(|change| change.state).collect();
        assert_eq!(states, [PaymentState::Pending, PaymentState::Settled, PaymentState::Refunded]);
    }

    #[test]
    fn partial_refund_of_an_open_charge_settles_it() {
        let mut payment = payment(PaymentMethod::Card, Some("tok_delayed"));
        payment.learn(&charge(settled(100)), Timestamp::now());
        assert_eq!((payment.state, payment.refunded), (PaymentState::Settled, Some(money(100))));
    }

    #[test]
    fn refund_ends_with_the_charge_or_with_nothing_charged() {
        let refunding = |before: &[ChargeState]| {
            let mut payment = payment(PaymentMethod::Card, Some("tok_visa"));
            for state in before {
                payment.learn(&charge(*state), Timestamp::now());
            }
            assert_eq!(payment.cancel(Timestamp::now()), Refund::ToBeAsked);
            payment
        };
        let euros = |minor| Money::from_minor(minor, "EUR".parse().unwrap());
        for (before, refunded, expected) in [
            (&[][..], None, Ok(())),
            (&[], Some(money(0)), Ok(())),
            (&[], Some(money(1990)), Ok(())),
            (&[settled(0)], Some(money(1990)), Ok(())),
            (&[settled(500)], Some(money(1990)), Ok(())),
            (&[], Some(money(1)), Err(RefundMismatch)),
            (&[], Some(money(1991)), Err(RefundMismatch)),
            (&[], Some(euros(1990)), Err(RefundMismatch)),
            (&[], Some(euros(0)), Err(RefundMismatch)),
            (&[settled(0)], None, Err(RefundMismatch)),
            (&[settled(0)], Some(money(0)), Err(RefundMismatch)),
            // Only the rest: what the refund added, not the total refunded.
            (&[settled(500)], Some(money(1490)), Err(RefundMismatch)),
        ] {
            let mut payment = refunding(before);
            let asked = payment.clone();
            assert_eq!(payment.gave_back(refunded, Timestamp::now()), expected, "{before:?} {refunded:?}");
            match expected {
                Ok(()) => assert_eq!((payment.state, payment.refunded), (PaymentState::Refunded, refunded)),
                Err(_) => assert_eq!(payment, asked),
            }
        }
    }

    #[test]
    fn webhook_ids_are_kept_as_long_as_they_can_be_replayed() {
        const NOW: u64 = 1_769_860_800;
        let mut payment = payment(PaymentMethod::Card, Some("tok_visa"));
        // Signed by a clock that is as far ahead as is accepted.
        let ahead = NOW + TOLERANCE_SECONDS;
        assert_eq!(payment.claim_webhook("msg_first", ahead, NOW), WebhookClaim::New);
        for number in 0..MAX_PROCESSED_WEBHOOKS - 1 {
            assert_eq!(payment.claim_webhook(&format!("msg_{number}"), NOW, NOW), WebhookClaim::New);
        }
        // Other ids do not displace it, and it is kept until its timestamp is rejected as too old.
        assert_eq!(payment.claim_webhook("msg_more", NOW, NOW), WebhookClaim::Full);
        let refused = ahead + TOLERANCE_SECONDS + 1;
        assert_eq!(payment.claim_webhook("msg_first", ahead, refused), WebhookClaim::Replayed);
        // The id of a resent webhook is kept as long again.
        let again = NOW + KEPT_SECONDS;
        assert_eq!(payment.claim_webhook("msg_first", again, again), WebhookClaim::Replayed);
        assert_eq!(payment.claim_webhook("msg_more", again + 1, again + 1), WebhookClaim::New);
        assert_eq!(payment.processed_webhooks.keys().collect::<Vec<_>>(), ["msg_first", "msg_more"]);
        let refused = again + TOLERANCE_SECONDS + 1;
        assert_eq!(payment.claim_webhook("msg_first", again, refused), WebhookClaim::Replayed);
    }

    #[test]
    fn without_a_token_nothing_is_charged_but_an_invoice() {
        let state = |method, token| payment(method, token).state;
        assert_eq!(state(PaymentMethod::Card, None), PaymentState::Declined);
        assert_eq!(state(PaymentMethod::Paypal, None), PaymentState::Declined);
        assert_eq!(state(PaymentMethod::Card, Some("tok_visa")), PaymentState::Pending);
        assert_eq!(payment(PaymentMethod::Card, None).reason, Some(DeclineReason::UnknownToken));
    }

    #[test]
    fn a_payment_knows_nothing_of_who_pays() {
        let row = serde_json::to_string(&payment(PaymentMethod::Card, Some("tok_visa"))).unwrap();
        assert!(!row.contains("tok_"), "{row}");
    }
}
