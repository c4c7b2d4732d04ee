//! The events of shipping.

use serde::{Deserialize, Serialize};

use super::facts;
use crate::OrderId;

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

        facts!("shop.shipping": $($name),*);
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
