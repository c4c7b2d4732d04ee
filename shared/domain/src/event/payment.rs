//! What payment tells.

use serde::{Deserialize, Serialize};

use super::facts;
use crate::payment::DeclineReason;
use crate::{Amount, Currency, OrderId};

/// An order's price was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentSettled {
    /// The order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Amount,
    /// What the amount is in.
    pub currency: Currency,
}

/// An order's price was not charged and will not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentDeclined {
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: DeclineReason,
}

/// A part of what was charged for an order has gone back, at the provider. The rest is still charged, so the order goes
/// on. Published each time the amount grows; when it reaches the charge, [`PaymentRefunded`] is published instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentPartiallyRefunded {
    /// The order.
    pub order_id: OrderId,
    /// How much has gone back so far, in all: events can arrive out of order, and the largest amount is the newest.
    pub amount: Amount,
    /// How much was charged.
    pub charged: Amount,
    /// The currency of both amounts.
    pub currency: Currency,
}

/// Nothing is charged for an order any more, nor will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// The order.
    pub order_id: OrderId,
    /// How much went back: nothing, if nothing was charged.
    pub amount: Amount,
    /// What the amount is in; of nothing, it may not be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

facts!("shop.payment": PaymentSettled, PaymentDeclined, PaymentPartiallyRefunded, PaymentRefunded);
