//! What ordering asks of the services that fulfil an order.
//!
//! A command is no fact: it goes to one service, by that service's queue, and never to the bus, so that nobody else
//! sees the address and the payment token in it. It travels in the envelope of an [event](crate::event), with the name
//! of the command as its type. The answer is a fact. A command that comes again changes nothing.

use serde::{Deserialize, Serialize};

use crate::checkout::{Payment, Recipient};
use crate::event::facts;
use crate::stock::LineQuantity;
use crate::{Amount, Currency, OrderId};

/// Charge an order's price, once. Answered by `PaymentSettled`, `PaymentDeclined` or, if a [`RefundPayment`] came
/// first, `PaymentRefunded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChargePayment {
    /// For which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Amount,
    /// What the amount is in.
    pub currency: Currency,
    /// By which means.
    pub payment: Payment,
}

/// See to it that nothing is charged for an order: what was charged goes back, what was not never will be. Answered by
/// `PaymentRefunded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundPayment {
    /// For which order.
    pub order_id: OrderId,
}

/// Send an order's parcel. Answered by `ShipmentCreated` and, when the parcel leaves, `ShipmentDispatched`; or by
/// `ShipmentRefused`, or `ShipmentCancelled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShipOrder {
    /// Which order.
    pub order_id: OrderId,
    /// To whom.
    pub recipient: Recipient,
    /// What is in the parcel.
    pub units: Vec<LineQuantity>,
}

/// Keep an order's parcel from leaving. Answered by `ShipmentCancelled`, even if no parcel was asked for yet; if it has
/// left, by the fact that says where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelShipment {
    /// Which order.
    pub order_id: OrderId,
}

facts!("shop.ordering": ChargePayment, RefundPayment, ShipOrder, CancelShipment);
