//! A placed order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::basket::{Color, Quantity};
use crate::checkout::{Payment, Recipient};
use crate::event::BasketCheckedOut;
use crate::product::ProductName;
use crate::{Money, MoneyError, OrderId, ProductId, Timestamp, UserName};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Placed; nothing has been done about it yet.
    Pending,
}

/// Why a string is not an [`OrderStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be PENDING")]
pub struct InvalidStatus;

impl OrderStatus {
    /// The status as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
        }
    }
}

impl FromStr for OrderStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        match text {
            "PENDING" => Ok(Self::Pending),
            _ => Err(InvalidStatus),
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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
    /// How many pieces.
    pub quantity: Quantity,
    /// What a piece cost.
    pub price: Money,
}

impl OrderLine {
    /// What all pieces cost.
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
    /// Whose order; [`UserName::erased`] once that is forgotten.
    #[serde(deserialize_with = "UserName::deserialize_or_erased")]
    pub user_name: UserName,
    /// Its name, fixed at checkout.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
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
            user_name: checkout.user_name,
            order_id: checkout.order_id,
            status: OrderStatus::Pending,
            order_date: checkout.order_date,
            lines,
            total_price: told,
            recipient: checkout.recipient,
            payment: checkout.payment,
            correlation_id,
        })
    }

    /// The same order of nobody: what was bought and for how much stays, for the books; who bought it, where it went
    /// and what it was paid with does not.
    #[must_use]
    pub fn anonymised(self) -> Self {
        Self {
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
    fn an_anonymised_order_keeps_the_books_and_nothing_of_the_customer() {
        let mut checkout = checked_out(vec![(95_040, 2), (87_000, 60)]);
        checkout.payment.token = Some("tok_visa".parse().unwrap());
        let order = Order::place(checkout, "c-1".to_owned()).unwrap();
        let anonymised = order.clone().anonymised();
        let kept = |order: &Order| {
            let Order { order_id, status, order_date, lines, total_price, .. } = order.clone();
            (order_id, status, order_date, lines, total_price, order.payment.method)
        };
        assert_eq!(kept(&anonymised), kept(&order));
        let text = serde_json::to_string(&anonymised).unwrap();
        for personal in ["swn", "Grace", "g@example.com", "Main St", "tok_visa", "c-1"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), anonymised);
    }
}
