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

use std::collections::BTreeSet;

use domain::checkout::PaymentMethod;
use domain::command::ChargePayment;
use domain::payment::DeclineReason;
use domain::{Money, MoneyError, OrderId, Timestamp};
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
    /// What is to be paid; of a payment that was called off before it was asked for, nobody said.
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
    /// How much went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// What the provider told by itself, by the ids of its events. A set; DynamoDB has no empty ones.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub heard: BTreeSet<String>,
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

    /// What stands in the place of a payment that was called off before it was asked for, and keeps it from being charged.
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
            heard: BTreeSet::new(),
            asked_at: None,
            correlation_id,
            version: 1,
            changes: Vec::new(),
        }
    }

    /// Whether the provider knows of it, or may: an invoice is never charged.
    #[must_use]
    pub fn is_charged_by_provider(&self) -> bool {
        matches!(self.method, Some(PaymentMethod::Card | PaymentMethod::Paypal))
    }

    /// Whether this charge of the provider's can be the payment's.
    #[must_use]
    pub fn is_of(&self, charge: &Charge) -> bool {
        self.is_charged_by_provider()
            && self.price == charge.price
            && self.charge_id.as_ref().is_none_or(|id| *id == charge.id)
    }

    /// Takes in what the provider says of the charge. What comes late changes nothing.
    pub fn learn(&mut self, charge: &Charge, at: Timestamp) {
        use PaymentState::{Declined, Pending, Refunded, Refunding, Settled};
        if !self.is_charged_by_provider() {
            return;
        }
        match (self.state, charge.state) {
            (Pending, ChargeState::Settled) => self.come_to(Settled, at),
            (Pending, ChargeState::Declined(reason)) => {
                self.reason = Some(reason);
                self.come_to(Declined, at);
            }
            // Somebody may have given it back by hand, at the provider.
            (Pending | Settled | Refunding, ChargeState::Refunded(money)) => {
                self.refunded = Some(money);
                self.come_to(Refunded, at);
            }
            _ => {}
        }
        // Of a charge that is still open, this is what to ask after.
        if self.state != Refunded {
            self.charge_id.get_or_insert_with(|| charge.id.clone());
        }
    }

    /// Takes in that it is to go back; of one that has gone back, that somebody asks, for them to be told again.
    pub fn call_off(&mut self, at: Timestamp) -> Refund {
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

    /// Takes in how much the provider gave back.
    pub fn gave_back(&mut self, money: Option<Money>, at: Timestamp) {
        if self.state == PaymentState::Refunding {
            self.refunded = money;
            self.come_to(PaymentState::Refunded, at);
        }
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
    enum Happening {
        Told(ChargeState),
        CalledOff,
        GaveBack(Option<Money>),
    }

    fn money(minor: u64) -> Money {
        Money::from_minor(minor, "USD".parse().unwrap())
    }

    fn charge(state: ChargeState) -> Charge {
        Charge { id: "ch_1".to_owned(), price: Some(money(1990)), state }
    }

    fn payment(method: PaymentMethod, token: Option<&str>) -> Payment {
        let command = ChargePayment {
            order_id: "019c1431-2e60-7000-8000-000000000001".parse().unwrap(),
            amount: "19.90".parse().unwrap(),
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

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            prop_oneof![
                Just(ChargeState::Pending),
                Just(ChargeState::Settled),
                Just(ChargeState::Declined(DeclineReason::InsufficientFunds)),
                Just(ChargeState::Refunded(money(1990))),
                Just(ChargeState::Canceled),
            ]
            .prop_map(Happening::Told),
            Just(Happening::CalledOff),
            Just(Happening::GaveBack(None)),
            Just(Happening::GaveBack(Some(money(1990)))),
        ]
    }

    fn happen(payment: &mut Payment, happening: &Happening) {
        let at = Timestamp::now();
        match happening {
            Happening::Told(state) => payment.learn(&charge(*state), at),
            Happening::CalledOff => drop(payment.call_off(at)),
            Happening::GaveBack(money) => payment.gave_back(*money, at),
        }
    }

    proptest! {
        #[test]
        fn nothing_leads_back_whatever_happens(
            mut payment in begun(),
            happenings in prop::collection::vec(happening(), 0..12),
        ) {
            for happening in &happenings {
                happen(&mut payment, happening);
            }
            let states: Vec<_> = payment.history.iter().map(|change| change.state).collect();
            // The states are in the order in which they can come.
            prop_assert!(states.is_sorted_by(|before, after| before < after), "{:?}", states);
            prop_assert_eq!(states.last(), Some(&payment.state));
            let both = states.contains(&PaymentState::Settled) && states.contains(&PaymentState::Declined);
            prop_assert!(!both, "{:?}", states);
        }

        #[test]
        fn what_happens_twice_changes_nothing_the_second_time(
            mut payment in begun(),
            happenings in prop::collection::vec(happening(), 1..12),
        ) {
            for happening in &happenings {
                happen(&mut payment, happening);
                let once = unasked(&payment);
                happen(&mut payment, happening);
                prop_assert_eq!(unasked(&payment), once);
            }
        }

        #[test]
        fn what_is_called_off_ends_refunded_and_nowhere_else(
            mut payment in begun(),
            before in prop::collection::vec(happening(), 0..6),
            after in prop::collection::vec(happening(), 0..6),
        ) {
            for happening in &before {
                happen(&mut payment, happening);
            }
            if payment.call_off(Timestamp::now()) == Refund::ToBeAsked {
                prop_assert_eq!(payment.state, PaymentState::Refunding);
                payment.gave_back(Some(money(1990)), Timestamp::now());
            }
            prop_assert_eq!(payment.state, PaymentState::Refunded);
            let ended = unasked(&payment);
            for happening in &after {
                happen(&mut payment, happening);
            }
            prop_assert_eq!(unasked(&payment), ended);
        }

        #[test]
        fn an_invoice_is_never_charged_and_nothing_of_it_goes_back(
            happenings in prop::collection::vec(Just(Happening::CalledOff), 1..3),
        ) {
            let mut payment = payment(PaymentMethod::Invoice, None);
            prop_assert_eq!(payment.state, PaymentState::Settled);
            prop_assert!(!payment.is_of(&charge(ChargeState::Settled)));
            for happening in &happenings {
                happen(&mut payment, happening);
            }
            prop_assert_eq!((payment.state, payment.refunded), (PaymentState::Refunded, None));
        }
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
