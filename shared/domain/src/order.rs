//! A placed order and its status.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::basket::{Color, Quantity};
use crate::checkout::{Payment, Recipient};
use crate::product::ProductName;
use crate::stock::LineQuantity;
use crate::{CustomerId, Money, MoneyError, OrderId, ProductId, Timestamp, UserName};

/// The status of an order.
///
/// ```text
/// PENDING ──> STOCK_RESERVED ──> PAID ──> SHIPPED ──> DELIVERED
///    │              │  │           │
///    └──> REJECTED <┘  └────────┐  │
///    └──────────────────────> CANCELLED
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Placed; nothing else has been done yet.
    Pending,
    /// Its units are reserved.
    StockReserved,
    /// Its price was charged.
    Paid,
    /// Its parcel has left.
    Shipped,
    /// Its parcel has arrived.
    Delivered,
    /// The shop rejected it: nothing is charged (any more), and nothing is reserved.
    Rejected,
    /// It was cancelled: any charge was refunded, and any reserved stock was released.
    Cancelled,
}

/// Why a string is not an [`OrderStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be PENDING, STOCK_RESERVED, PAID, SHIPPED, DELIVERED, REJECTED or CANCELLED")]
pub struct InvalidStatus;

impl OrderStatus {
    /// All statuses.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::StockReserved,
        Self::Paid,
        Self::Shipped,
        Self::Delivered,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// The status as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::StockReserved => "STOCK_RESERVED",
            Self::Paid => "PAID",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The possible previous statuses: the arrows in the diagram that lead to this one.
    #[must_use]
    pub fn reached_from(self) -> &'static [Self] {
        match self {
            Self::Pending => &[],
            Self::StockReserved => &[Self::Pending],
            Self::Paid => &[Self::StockReserved],
            Self::Shipped => &[Self::Paid],
            Self::Delivered => &[Self::Shipped],
            Self::Rejected => &[Self::Pending, Self::StockReserved],
            Self::Cancelled => &[Self::Pending, Self::StockReserved, Self::Paid],
        }
    }

    /// Whether the order can still be cancelled: its parcel has not left, and its status is not
    /// final.
    #[must_use]
    pub fn is_cancellable(self) -> bool {
        Self::Cancelled.reached_from().contains(&self)
    }

    /// Whether no status follows this one.
    #[must_use]
    pub fn is_final(self) -> bool {
        !Self::ALL.iter().any(|next| next.reached_from().contains(&self))
    }
}

impl FromStr for OrderStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(InvalidStatus)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No transition leads from the order's status to the requested one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot become {to}")]
pub struct InvalidTransition {
    /// The order's status.
    pub from: OrderStatus,
    /// The requested status.
    pub to: OrderStatus,
}

/// Why an order was rejected or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// There are not enough units of some product.
    OutOfStock,
    /// The payment provider declined the charge.
    PaymentDeclined,
    /// The payment provider did not report in time whether it charged.
    PaymentTimedOut,
    /// No carrier delivers to the address.
    ShippingImpossible,
    /// The customer cancelled it.
    CustomerRequest,
    /// Part of the shop failed for so long that fulfilment was abandoned.
    FulfilmentFailed,
}

/// One entry of an order's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// The order's new status.
    pub status: OrderStatus,
    /// When the order reached the status.
    pub at: Timestamp,
    /// The reason, if the order was rejected or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// One line of an order, at the price it was sold for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The product.
    pub product_id: ProductId,
    /// Its name at checkout.
    pub product_name: ProductName,
    /// Its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// The number of units.
    pub quantity: Quantity,
    /// The unit price.
    pub price: Money,
}

impl OrderLine {
    /// The price of all units.
    ///
    /// # Errors
    /// When the total is beyond 64 bits.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.price.checked_mul(self.quantity.get().into())
    }
}

/// An order as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The customer who placed it; [`CustomerId::ERASED`] once their data was erased.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// The customer's user name at checkout; [`UserName::erased`] once their data was erased.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// Its id, fixed at checkout.
    pub order_id: OrderId,
    /// Its current status.
    pub status: OrderStatus,
    /// Its status changes, oldest first.
    #[serde(default)]
    pub history: Vec<StatusChange>,
    /// When its customer asked to cancel it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<Timestamp>,
    /// When fulfilment claimed it. Until then, a cancellation takes effect at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<Timestamp>,
    /// When the customer checked out.
    pub order_date: Timestamp,
    /// The lines that were bought.
    pub lines: Vec<OrderLine>,
    /// The total that the customer was shown.
    pub total_price: Money,
    /// The recipient of the order.
    pub recipient: Recipient,
    /// The means of payment.
    pub payment: Payment,
    /// Correlates the order with the request that placed it.
    pub correlation_id: String,
}

impl Order {
    /// The units of each line.
    #[must_use]
    pub fn units(&self) -> Vec<LineQuantity> {
        let units = |line: &OrderLine| LineQuantity { product_id: line.product_id, quantity: line.quantity };
        self.lines.iter().map(units).collect()
    }

    /// Whether the order has ever had this status.
    #[must_use]
    pub fn has_been(&self, status: OrderStatus) -> bool {
        self.history.iter().any(|change| change.status == status)
    }

    /// When the order reached its current status.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        self.history.last().map_or(self.order_date, |change| change.at)
    }

    /// The same order without its customer. The lines and prices are kept for accounting. The
    /// customer, the recipient and the means of payment are erased.
    #[must_use]
    pub fn anonymised(self) -> Self {
        Self {
            customer_id: CustomerId::ERASED,
            user_name: UserName::erased(),
            recipient: Recipient::erased(),
            payment: Payment { token: None, ..self.payment },
            // A correlation id would lead to the log lines of the request.
            correlation_id: "erased".to_owned(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_order_ends_delivered_rejected_or_cancelled() {
        let ends: Vec<_> = OrderStatus::ALL.into_iter().filter(|status| status.is_final()).collect();
        assert_eq!(ends, [OrderStatus::Delivered, OrderStatus::Rejected, OrderStatus::Cancelled]);
        for status in OrderStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
            assert!(!status.reached_from().contains(&status));
            assert!(status == OrderStatus::Pending || !status.reached_from().is_empty(), "{status}");
        }
    }

    #[test]
    fn an_order_can_be_cancelled_until_its_parcel_leaves() {
        let cancellable: Vec<_> =
            OrderStatus::ALL.into_iter().filter(|status| status.is_cancellable()).collect();
        assert_eq!(cancellable, [OrderStatus::Pending, OrderStatus::StockReserved, OrderStatus::Paid]);
    }

    #[test]
    fn an_anonymised_order_keeps_the_books_and_nothing_of_the_customer() {
        let order: Order = serde_json::from_value(json!({
            "customerId": "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a",
            "userName": "swn",
            "orderId": "019b7a3e-0000-7000-8000-000000000001",
            "status": "PENDING",
            "history": [{ "status": "PENDING", "at": "2026-01-01T00:00:00Z" }],
            "orderDate": "2026-01-01T00:00:00Z",
            "lines": [{
                "productId": "019b7a3e-0000-7000-8000-000000000002",
                "productName": "IPhone X",
                "quantity": 2,
                "price": { "minor": 95_040, "currency": "USD" },
            }],
            "totalPrice": { "minor": 190_080, "currency": "USD" },
            "recipient": {
                "firstName": "Grace", "lastName": "H", "email": "g@example.com", "address": "1 Main St",
            },
            "payment": { "method": "CARD", "token": "tok_visa" },
            "correlationId": "request-1",
        }))
        .unwrap();
        let anonymised = order.clone().anonymised();
        let kept = |order: &Order| {
            let Order { order_id, status, order_date, lines, total_price, .. } = order.clone();
            (order_id, status, order_date, lines, total_price, order.payment.method)
        };
        assert_eq!(kept(&anonymised), kept(&order));
        let text = serde_json::to_string(&anonymised).unwrap();
        for personal in ["8a2fd9b6", "swn", "Grace", "g@example.com", "Main St", "tok_visa", "request-1"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), anonymised);
    }
}
