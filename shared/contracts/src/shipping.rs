//! The events of shipping.

use domain::OrderId;
use domain::checkout::Recipient;
use domain::stock::LineQuantity;
use serde::{Deserialize, Serialize};

use crate::event::payloads;
use crate::ordering;

macro_rules! of_an_order {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The order.
            pub order_id: OrderId,
        })*

        payloads!("shop.shipping" => $($name),*);
    };
}

of_an_order! {
    /// The carrier will collect an order's parcel.
    ShipmentCreated,
    /// No carrier delivers to the order's address.
    ShipmentRefused,
    /// An order's shipment was cancelled before the parcel left.
    ShipmentCancelled,
    /// An order's parcel has left the warehouse.
    ShipmentDispatched,
    /// An order's parcel has arrived.
    ShipmentDelivered,
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

payloads!(ordering::SOURCE => ShipOrder, CancelShipment);
