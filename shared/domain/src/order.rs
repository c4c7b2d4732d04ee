//! A placed order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::basket::{Color, Quantity};
use crate::checkout::{Payment, Recipient};
use crate::event::BasketCheckedOut;
use crate::product::ProductName;
use crate::{CustomerId, Money, MoneyError, OrderId, ProductId, Timestamp, UserName};

/// Where an order stands.
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
    /// Placed; nothing has been done about it yet.
    Pending,
    /// Its units are set aside.
    StockReserved,
    /// Its price was charged.
    Paid,
    /// Its parcel has left.
    Shipped,
    /// Its parcel has arrived.
    Delivered,
    /// The shop could not take it: nothing is charged (any more), nothing is set aside.
    Rejected,
    /// It was cancelled: what was charged went back, and so did what was set aside.
    Cancelled,
}

/// Why a string is not an [`OrderStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be PENDING, STOCK_RESERVED, PAID, SHIPPED, DELIVERED, REJECTED or CANCELLED")]
pub struct InvalidStatus;

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::StockReserved,
        Self::Paid,
        Self::Shipped,
        Self::Delivered,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// The status as it is written everywhere.
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

    /// Where an order can stand just before: the arrows that lead here.
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

    /// Whether the order can still be cancelled: its parcel has not left, and it is not over.
    #[must_use]
    pub fn is_cancellable(self) -> bool {
        Self::Cancelled.reached_from().contains(&self)
    }

    /// Whether nothing comes after.
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

/// Why an order was rejected or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// There are not enough units of some product.
    OutOfStock,
    /// The payment provider would not charge it.
    PaymentDeclined,
    /// The payment provider did not say in time whether it charged.
    PaymentTimedOut,
    /// No carrier goes there.
    ShippingImpossible,
    /// The customer cancelled it.
    CustomerRequest,
    /// Something of the shop's did not work for so long that it was given up.
    FulfilmentFailed,
}

/// One entry of an order's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// Where the order has stood from then on.
    pub status: OrderStatus,
    /// When it came there.
    pub at: Timestamp,
    /// Why it ended there, if it was rejected or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// One line of an order, at the price it was sold for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The product.
    pub product_id: ProductId,
    /// What it was called.
    pub product_name: ProductName,
    /// Its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// How many units.
    pub quantity: Quantity,
    /// What a unit cost.
    pub price: Money,
}

impl OrderLine {
    /// What all units cost.
    ///
    /// # Errors
    /// When that is more than can be counted.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.price.checked_mul(self.quantity.get().into())
    }
}

/// An order as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Whose order; [`CustomerId::ERASED`] once their data was erased.
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    pub customer_id: CustomerId,
    /// Their name when they checked out; [`UserName::erased`] once their data was erased.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// Its name, fixed at checkout.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// How it came there, oldest first.
    #[serde(default)]
    pub history: Vec<StatusChange>,
    /// When its customer asked to cancel it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<Timestamp>,
    /// When the customer checked out.
    pub order_date: Timestamp,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// What the customer was told to pay.
    pub total_price: Money,
    /// Whom it goes to.
    pub recipient: Recipient,
    /// How it is paid.
    pub payment: Payment,
    /// Ties the order to the request that placed it.
    pub correlation_id: String,
}

/// Why a checked-out basket is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    /// An amount is no money in the order's currency.
    #[error("an amount of the order {0}")]
    Money(#[from] MoneyError),
    /// The lines do not add up to what the customer was told.
    #[error("the lines cost {lines}, the customer was told {told}")]
    WrongTotal {
        /// The sum of the lines.
        lines: Money,
        /// The total of the event.
        told: Money,
    },
    /// An order of nothing.
    #[error("the order has no lines")]
    NoLines,
}

impl Order {
    /// The order that a checked-out basket asks for.
    ///
    /// # Errors
    /// When its amounts are not money or do not add up.
    pub fn place(checkout: BasketCheckedOut, correlation_id: String) -> Result<Self, InvalidOrder> {
        let currency = checkout.currency;
        let told = Money::from_amount(checkout.total_price, currency)?;
        let lines = checkout
            .lines
            .into_iter()
            .map(|line| {
                Ok(OrderLine {
                    product_id: line.product_id,
                    product_name: line.product_name,
                    color: line.color,
                    quantity: line.quantity,
                    price: Money::from_amount(line.price, currency)?,
                })
            })
            .collect::<Result<Vec<_>, MoneyError>>()?;
        if lines.is_empty() {
            return Err(InvalidOrder::NoLines);
        }
        let sum = lines.iter().try_fold(Money::zero(currency), |sum, line| sum.checked_add(line.total()?))?;
        if sum != told {
            return Err(InvalidOrder::WrongTotal { lines: sum, told });
        }
        Ok(Self {
            customer_id: checkout.customer_id,
            user_name: checkout.user_name,
            order_id: checkout.order_id,
            status: OrderStatus::Pending,
            history: vec![StatusChange {
                status: OrderStatus::Pending,
                at: checkout.order_date,
                reason: None,
            }],
            cancel_requested_at: None,
            order_date: checkout.order_date,
            lines,
            total_price: told,
            recipient: checkout.recipient,
            payment: checkout.payment,
            correlation_id,
        })
    }

    /// Whether the order has come to this status, wherever it stands by now.
    #[must_use]
    pub fn has_been(&self, status: OrderStatus) -> bool {
        self.history.iter().any(|change| change.status == status)
    }

    /// When the order came to where it stands.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        self.history.last().map_or(self.order_date, |change| change.at)
    }

    /// The same order of nobody: what was bought and for how much stays, for the books; who bought it, where it went
    /// and what it was paid with does not.
    #[must_use]
    pub fn anonymised(self) -> Self {
        Self {
            customer_id: CustomerId::ERASED,
            user_name: UserName::erased(),
            recipient: Recipient::erased(),
            payment: Payment { token: None, ..self.payment },
            // It would lead to the log lines of the request.
            correlation_id: "erased".to_owned(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests::checked_out;

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
        let mut checkout = checked_out(vec![(95_040, 2), (87_000, 60)]);
        checkout.payment.token = Some("tok_visa".parse().unwrap());
        let order = Order::place(checkout, "request-1".to_owned()).unwrap();
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
