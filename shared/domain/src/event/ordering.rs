//! What ordering tells: a fact for each status that an order comes to.
//!
//! Of an order whose customer was erased meanwhile, `customerId` is [`CustomerId::ERASED`] and `userName` is
//! [`UserName::erased`].

use serde::{Deserialize, Serialize};

use super::facts;
use crate::order::Reason;
use crate::stock::LineQuantity;
use crate::{Amount, Currency, CustomerId, OrderId, UserName};

/// An order was placed, and is to be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// The order.
    pub order_id: OrderId,
    /// Whose order.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// Their name when they checked out.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// What was bought.
    pub units: Vec<LineQuantity>,
    /// What it costs.
    pub total_price: Amount,
    /// What the amount is in.
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
            /// Whose order.
            #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
            /// Their name when they checked out.
            #[serde(deserialize_with = "UserName::deserialize_or_erased")]
            pub user_name: UserName,
        })*

        facts!("shop.ordering": $($name),*);
    };
}

of_an_order! {
    /// The units of an order are set aside.
    OrderStockReserved,
    /// An order is paid.
    OrderPaid,
    /// An order's parcel has left.
    OrderShipped,
    /// An order's parcel has arrived.
    OrderDelivered,
    /// A customer asked to cancel an order that has not left yet. Whether it was in time, the next fact says.
    OrderCancellationRequested,
}

/// The shop could not take an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderRejected {
    /// The order.
    pub order_id: OrderId,
    /// Whose order.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// Their name when they checked out.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// Why.
    pub reason: Reason,
}

/// An order was cancelled, and all that was done for it is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Whose order.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// Their name when they checked out.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// Why.
    pub reason: Reason,
}

facts!("shop.ordering": OrderPlaced, OrderRejected, OrderCancelled);
