//! A payment, and where it can go from where it is.
//!
//! ```text
//!            ┌──> SETTLED ──┐
//! PENDING ───┼──────────────┼──> REFUNDING ──> REFUNDED
//!            └──> DECLINED ─┼────────────────────^
//! (nothing) ────────────────┴────────────────────┘
//! ```
//!
//! Nothing leads back, so whatever comes twice, late or in disorder finds that it is too late, and changes nothing. But
//! of a refund that is asked for again it is kept that it was, and the refund is told again.
//!
//! The provider reports refunds by the amount that has gone back in all. A payment of which a part has gone back stays
//! where it is, since the rest is still charged; it becomes `REFUNDED` when the amount has reached the charge.

use std::collections::BTreeMap;

use domain::checkout::PaymentMethod;
use domain::command::ChargePayment;
use domain::payment::DeclineReason;
use domain::{Money, MoneyError, OrderId, Timestamp};
use lambdakit::signature::TOLERANCE_SECONDS;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::provider::{Charge, ChargeState};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentState {
    /// To be charged; whether it was, the provider has not said for good.
    Pending,
    /// Charged; of an invoice: owed.
    Settled,
    /// Not charged, and never will be.
    Declined,
    /// To be given back; whether it was, the provider has not said.
    Refunding,
    /// Nothing is charged any more, nor ever will be.
    Refunded,
}

/// When a payment came to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentStateChange"))]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// Where it has stood from then on.
    pub state: PaymentState,
    /// When it came there.
    pub at: Timestamp,
}

/// The payment of an order. It knows neither who pays nor with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Whose.
    pub order_id: OrderId,
    /// Where it stands.
    pub state: PaymentState,
    /// How it came there, oldest first.
    pub history: Vec<StateChange>,
    /// What is to be paid; of a payment that was cancelled before it was asked for, nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// By which means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<PaymentMethod>,
    /// What the provider calls the charge, once it has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<DeclineReason>,
    /// How much has gone back so far, in all. It only grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// When that amount grew last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<Timestamp>,
    /// The webhooks that took effect: their ids, and until when each is kept, in Unix seconds. They are written with
    /// their effect, so an id is here exactly if its effect is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub processed_webhooks: BTreeMap<String, u64>,
    /// When somebody asked last for what had gone back already: they may not have heard of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Ties the payment to the request that placed the order.
    pub correlation_id: String,
    /// Counts the writes.
    pub version: u64,
    /// Ids of the last changes, latest first, by which one whose answer was lost is known even after later ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Uuid>,
}

/// How long the id of a webhook is kept after its timestamp, in seconds. A day covers most schedules by which
/// providers send again.
const KEPT_SECONDS: u64 = 24 * 60 * 60;
/// An id is kept for at least this long after the timestamp of each webhook with it, in seconds: as long as the timestamp
/// is accepted, and a minute more.
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
    /// Too many ids are kept to keep another one: the sender has to come again later.
    Full,
}

/// The provider reports that another amount has gone back in the end than was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider refunded another amount than was charged")]
pub struct RefundMismatch;

/// What is left to do when a payment is to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// The provider has to be asked.
    ToBeAsked,
    /// Nothing.
    Settled,
}

impl Payment {
    /// The payment that a command asks for.
    ///
    /// An invoice has nothing to be charged before the parcel is there, so what is owed counts as settled. By all other
    /// means nothing is charged without a token.
    ///
    /// # Errors
    /// When the amount is no money in its currency.
    pub fn begin(command: &ChargePayment, correlation_id: String, at: Timestamp) -> Result<Self, MoneyError> {
        let price = Money::from_amount(command.amount, command.currency)?;
        let (state, reason) = match (command.payment.method, &command.payment.token) {
            (PaymentMethod::Invoice, _) => (PaymentState::Settled, None),
            // Nothing is owed, and no provider charges nothing.
            _ if price.minor() == 0 => (PaymentState::Settled, None),
            (_, Some(_)) => (PaymentState::Pending, None),
            (_, None) => (PaymentState::Declined, Some(DeclineReason::UnknownToken)),
        };
        let payment = Self::new(command.order_id, state, correlation_id, at);
        Ok(Self { price: Some(price), method: Some(command.payment.method), reason, ..payment })
    }

    /// What stands in the place of a payment that was cancelled before it was asked for, and keeps it from being charged.
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

    /// Whether the provider knows of it, or may: an invoice is never charged.
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

    /// Takes in what the provider says of the charge. What comes late changes nothing.
    pub fn learn(&mut self, charge: &Charge, at: Timestamp) {
        use PaymentState::{Declined, Pending, Refunded, Refunding, Settled};
        if !self.is_charged_by_provider() {
            return;
        }
        match (self.state, charge.state) {
            // Somebody may have refunded it at the provider, in whole or in part.
            (Pending | Settled | Refunding, ChargeState::Settled { refunded }) => {
                self.learn_settled(charge.price, refunded, at);
            }
            (Pending, ChargeState::Declined(reason)) => {
                self.reason = Some(reason);
                self.come_to(Declined, at);
            }
            _ => {}
        }
        // Of a charge that is still open, this is what to ask after.
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

    /// Keeps the id of a webhook with this timestamp, in Unix seconds, that is to take effect `now`.
    pub fn claim_webhook(&mut self, id: &str, timestamp: u64, now: u64) -> WebhookClaim {
        if let Some(kept_until) = self.processed_webhooks.get_mut(id) {
            // One that is sent again is signed again, with another timestamp.
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

    /// Takes in that it is to go back; of one that has gone back, that somebody asks, for them to be told again.
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

    /// Takes in how much of the charge has gone back in all, as the provider answered when it was asked for all of it.
    ///
    /// # Errors
    /// When that is neither all that was charged nor, of what was never charged, nothing. The payment stays as it is.
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

    /// Whatever can happen to a payment.
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

    /// A charge that has settled, and of which so much has gone back.
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

    /// The payment without when somebody asked for it.
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
            // The states are in the order in which they can come.
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
            // Late.
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
            // The rest alone: what the refund added, not what has gone back in all.
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
        // Signed by a clock that is ahead as far as is accepted.
        let ahead = NOW + TOLERANCE_SECONDS;
        assert_eq!(payment.claim_webhook("msg_first", ahead, NOW), WebhookClaim::New);
        for number in 0..MAX_PROCESSED_WEBHOOKS - 1 {
            assert_eq!(payment.claim_webhook(&format!("msg_{number}"), NOW, NOW), WebhookClaim::New);
        }
        // Others do not displace it, and it is known until it is refused for its age.
        assert_eq!(payment.claim_webhook("msg_more", NOW, NOW), WebhookClaim::Full);
        let refused = ahead + TOLERANCE_SECONDS + 1;
        assert_eq!(payment.claim_webhook("msg_first", ahead, refused), WebhookClaim::Replayed);
        // One that is signed again is known again as long.
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
