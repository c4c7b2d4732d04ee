//! Commands from ordering to the services that fulfil an order.
//!
//! A command is not an event. It is sent to the queue of one service and never to the event bus. So
//! no other service receives the address and the payment token in it. It has the envelope of an
//! [event](crate::event), with the command's name as its type.
//!
//! The service answers with an event. A redelivered command changes nothing.

use serde::{Deserialize, Serialize};

use crate::checkout::{Payment, Recipient};
use crate::event::facts;
use crate::stock::LineQuantity;
use crate::{Amount, Currency, OrderId};

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

/// Send an order's parcel. Answered by `ShipmentCreated` and, when the parcel leaves,
/// `ShipmentDispatched`; or by `ShipmentRefused`, or `ShipmentCancelled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ShipOrder {
    /// The order.
    pub order_id: OrderId,
    /// The recipient.
    pub recipient: Recipient,
    /// The units in the parcel.
    pub units: Vec<LineQuantity>,
}

/// Cancel an order's shipment before the parcel leaves. Answered by `ShipmentCancelled`, even if no
/// parcel was requested yet. If the parcel has left, answered by the event for its current state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelShipment {
    /// The order.
    pub order_id: OrderId,
}

facts!("shop.ordering": ChargePayment, RefundPayment, ShipOrder, CancelShipment);
