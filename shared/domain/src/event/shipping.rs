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
            /// Whose parcel.
            pub order_id: OrderId,
        })*

        facts!("shop.shipping": $($name),*);
    };
}

of_an_order! {
    /// The carrier will fetch an order's parcel.
    ShipmentCreated,
    /// No carrier takes an order's parcel where it should go.
    ShipmentRefused,
    /// An order's parcel stays here: it was cancelled before it left.
    ShipmentCancelled,
    /// An order's parcel has left the house.
    ShipmentDispatched,
    /// An order's parcel has arrived.
    ShipmentDelivered,
}
