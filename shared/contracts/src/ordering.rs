//! The events of ordering: one for each status that an order reaches.
//!
//! When the customer's data was erased in the meantime, `customerId` is [`CustomerId::ERASED`] and
//! `userName` is [`UserName::erased`].

use domain::order::{OrderStatus, Reason};
use domain::stock::LineQuantity;
use domain::{Amount, Currency, CustomerId, OrderId, UserName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::event::{Event, Metadata, Payload, payloads};

/// The source of ordering's events and commands.
pub const SOURCE: &str = "shop.ordering";

/// An order was placed.
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

        payloads!(SOURCE => $($name),*);
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

payloads!(SOURCE => OrderPlaced, OrderRejected, OrderCancelled);

macro_rules! order_event {
    ($($(#[$doc:meta])* $name:ident => $status:ident,)*) => {
        /// An event that reports an order's new status, as its consumers read it: by its
        /// detail-type.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        pub enum OrderEvent {
            $($(#[$doc])* $name(Event<$name>),)*
        }

        impl OrderEvent {
            /// The event's detail-type.
            #[must_use]
            pub fn detail_type(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $name::DETAIL_TYPE,)*
                }
            }

            /// The order's new status.
            #[must_use]
            pub fn status(&self) -> OrderStatus {
                match self {
                    $(Self::$name(_) => OrderStatus::$status,)*
                }
            }

            /// The event's metadata.
            #[must_use]
            pub fn metadata(&self) -> &Metadata {
                match self {
                    $(Self::$name(event) => &event.metadata,)*
                }
            }

            /// The order.
            #[must_use]
            pub fn order_id(&self) -> OrderId {
                match self {
                    $(Self::$name(event) => event.data.order_id,)*
                }
            }

            /// The customer who placed the order; [`CustomerId::ERASED`] once their data was erased.
            #[must_use]
            pub fn customer_id(&self) -> CustomerId {
                match self {
                    $(Self::$name(event) => event.data.customer_id,)*
                }
            }
        }

        /// The same events with unparsed details, for a relay that must not change them.
        #[derive(Clone, Debug, Deserialize)]
        pub enum RawOrderEvent {
            $($(#[$doc])* $name(Box<RawValue>),)*
        }

        impl RawOrderEvent {
            /// The event's detail-type, the order's new status, and the detail.
            #[must_use]
            pub fn parts(&self) -> (&'static str, OrderStatus, &RawValue) {
                match self {
                    $(Self::$name(detail) => ($name::DETAIL_TYPE, OrderStatus::$status, detail),)*
                }
            }
        }
    };
}

order_event! {
    /// The order was placed.
    OrderPlaced => Pending,
    /// Its units are reserved.
    OrderStockReserved => StockReserved,
    /// It is paid.
    OrderPaid => Paid,
    /// Its parcel has left.
    OrderShipped => Shipped,
    /// Its parcel has arrived.
    OrderDelivered => Delivered,
    /// The shop rejected it.
    OrderRejected => Rejected,
    /// It was cancelled.
    OrderCancelled => Cancelled,
}

impl OrderEvent {
    /// Why the order was rejected or cancelled.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::OrderRejected(event) => Some(event.data.reason),
            Self::OrderCancelled(event) => Some(event.data.reason),
            _ => None,
        }
    }
}
