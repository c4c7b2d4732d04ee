//! The events of ordering: one for each status that an order reaches.
//!
//! When the customer's data was erased in the meantime, `customerId` is [`CustomerId::ERASED`] and
//! `userName` is [`UserName::erased`].

use serde::{Deserialize, Serialize};

use super::facts;
use crate::order::Reason;
use crate::stock::LineQuantity;
use crate::{Amount, Currency, CustomerId, OrderId, UserName};

/// An order was placed, and will be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// The order.
    pub order_id: OrderId,
    /// The customer who placed the order.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// The customer's user name at checkout.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// The units that were bought.
    pub units: Vec<LineQuantity>,
    /// The order's total price.
    pub total_price: Amount,
    /// The amount's currency.
    pub currency: Currency,
}

macro_rules! of_an_order {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The order.
            pub order_id: OrderId,
            /// The customer who placed the order.
            #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
            /// The customer's user name at checkout.
            #[serde(deserialize_with = "UserName::deserialize_or_erased")]
            pub user_name: UserName,
        })*

        facts!("shop.ordering": $($name),*);
    };
}

of_an_order! {
    /// The units of an order are reserved.
    OrderStockReserved,
    /// An order is paid.
    OrderPaid,
    /// An order's parcel has left.
    OrderShipped,
    /// An order's parcel has arrived.
    OrderDelivered,
    /// A customer asked to cancel an order that has not left yet. The next event shows whether it
    /// was in time.
    OrderCancellationRequested,
}

/// An order was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderRejected {
    /// The order.
    pub order_id: OrderId,
    /// The customer who placed the order.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// The customer's user name at checkout.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// The reason.
    pub reason: Reason,
}

/// An order was cancelled, and everything that was done for it was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// The customer who placed the order.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// The customer's user name at checkout.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// The reason.
    pub reason: Reason,
}

facts!("shop.ordering": OrderPlaced, OrderRejected, OrderCancelled);
