//! The events of payment.

use domain::checkout::Payment;
use domain::payment::DeclineReason;
use domain::{Amount, Currency, OrderId};
use serde::{Deserialize, Serialize};

use crate::event::payloads;
use crate::ordering;

/// An order's price was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentSettled {
    /// The order.
    pub order_id: OrderId,
    /// The amount.
    pub amount: Amount,
    /// The amount's currency.
    pub currency: Currency,
}

/// An order's price was not charged and will not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentDeclined {
    /// The order.
    pub order_id: OrderId,
    /// The reason.
    pub reason: DeclineReason,
}

/// A part of an order's charge was refunded at the provider. The rest is still charged, so the
/// order continues. Published each time the amount grows; when it reaches the charge,
/// [`PaymentRefunded`] is published instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentPartiallyRefunded {
    /// The order.
    pub order_id: OrderId,
    /// The total refunded so far. Events can arrive out of order: the largest amount is the newest.
    pub amount: Amount,
    /// The charged amount.
    pub charged: Amount,
    /// The currency of both amounts.
    pub currency: Currency,
}

/// Nothing is charged for an order any more, and nothing will be charged later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// The order.
    pub order_id: OrderId,
    /// The refunded amount: zero if nothing was charged.
    pub amount: Amount,
    /// The amount's currency; it can be unknown if the amount is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

payloads!("shop.payment" => PaymentSettled, PaymentDeclined, PaymentPartiallyRefunded, PaymentRefunded);

/// Charge an order's price, once. Answered by `PaymentSettled`, `PaymentDeclined` or, if a
/// [`RefundPayment`] arrived first, `PaymentRefunded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChargePayment {
    /// The order.
    pub order_id: OrderId,
    /// The amount.
    pub amount: Amount,
    /// The amount's currency.
    pub currency: Currency,
    /// The means of payment.
    pub payment: Payment,
}

/// Make sure that nothing is charged for an order: refund any charge, and prevent later charges.
/// Answered by `PaymentRefunded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundPayment {
    /// The order.
    pub order_id: OrderId,
}

payloads!(ordering::SOURCE => ChargePayment, RefundPayment);
