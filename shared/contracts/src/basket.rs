//! The events of the basket service.

use domain::basket::{Color, Quantity};
use domain::checkout::{Payment, Recipient};
use domain::order::{Order, OrderLine, OrderStatus, StatusChange};
use domain::product::ProductName;
use domain::{Amount, Currency, CustomerId, Money, MoneyError, OrderId, ProductId, Timestamp, UserName};
use serde::{Deserialize, Serialize};

use crate::event::payloads;

/// A customer checked out: their basket was emptied, and these lines become an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BasketCheckedOut {
    /// The order's id, fixed at checkout.
    pub order_id: OrderId,
    /// When the customer checked out.
    pub order_date: Timestamp,
    /// The customer who checked out.
    pub customer_id: CustomerId,
    /// The customer's user name, for display.
    pub user_name: UserName,
    /// The recipient of the order.
    pub recipient: Recipient,
    /// The means of payment.
    pub payment: Payment,
    /// The lines that were bought.
    pub lines: Vec<CheckedOutLine>,
    /// The total that the customer was shown.
    pub total_price: Amount,
    /// The currency of all amounts.
    pub currency: Currency,
}

/// One line of a checked-out basket, at the price it was sold for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckedOutLine {
    /// The product.
    pub product_id: ProductId,
    /// Its name at checkout.
    pub product_name: ProductName,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// The number of units.
    pub quantity: Quantity,
    /// The unit price.
    pub price: Amount,
}

payloads!("shop.basket" => BasketCheckedOut);

/// Why a checked-out basket is not a valid order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    /// An amount is not valid money in the order's currency.
    #[error("an amount of the order {0}")]
    Money(#[from] MoneyError),
    /// The lines do not add up to the total that the customer was shown.
    #[error("the lines cost {lines}, the customer was shown {shown}")]
    WrongTotal {
        /// The sum of the lines.
        lines: Money,
        /// The total that the customer was shown.
        shown: Money,
    },
    /// The order has no lines.
    #[error("the order has no lines")]
    NoLines,
}

impl BasketCheckedOut {
    /// The order for this basket, as it is placed.
    ///
    /// # Errors
    /// When its amounts are not valid money or do not add up.
    pub fn into_order(self, correlation_id: String) -> Result<Order, InvalidOrder> {
        let currency = self.currency;
        let shown = Money::from_amount(self.total_price, currency)?;
        let lines = self
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
        if sum != shown {
            return Err(InvalidOrder::WrongTotal { lines: sum, shown });
        }
        Ok(Order {
            customer_id: self.customer_id,
            user_name: self.user_name,
            order_id: self.order_id,
            status: OrderStatus::Pending,
            history: vec![StatusChange { status: OrderStatus::Pending, at: self.order_date, reason: None }],
            cancel_requested_at: None,
            claimed_at: None,
            order_date: self.order_date,
            lines,
            total_price: shown,
            recipient: self.recipient,
            payment: self.payment,
            correlation_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Event;
    use uuid::Uuid;

    fn checked_out(minor: Vec<(u64, u8)>) -> BasketCheckedOut {
        let currency: Currency = "USD".parse().unwrap();
        let at = Timestamp::from_unix_millis(1_767_225_600_000);
        let lines: Vec<_> = minor
            .iter()
            .map(|&(minor, units)| CheckedOutLine {
                product_id: ProductId::new(at),
                product_name: "IPhone X".to_owned().try_into().unwrap(),
                color: (units > 50).then(|| "red".to_owned().try_into().unwrap()),
                quantity: units.try_into().unwrap(),
                price: Money::from_minor(minor, currency).amount(),
            })
            .collect();
        let total = minor.iter().map(|&(minor, units)| minor * u64::from(units)).sum();
        BasketCheckedOut {
            order_id: OrderId::new(at),
            order_date: at,
            customer_id: "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a".parse().unwrap(),
            user_name: "swn".to_owned().try_into().unwrap(),
            recipient: serde_json::from_value(serde_json::json!({
                "firstName": "Grace", "lastName": "H", "email": "g@example.com", "address": "1 Main St",
            }))
            .unwrap(),
            payment: Payment { method: domain::checkout::PaymentMethod::Card, token: None },
            lines,
            total_price: Money::from_minor(total, currency).amount(),
            currency,
        }
    }

    proptest! {
        #[test]
        fn an_event_survives_the_bus_to_the_last_cent(
            lines in prop::collection::vec((0..100_000_000_u64, 1..=99_u8), 1..100),
            id: u128,
        ) {
            let data = checked_out(lines);
            let event = Event::new(Uuid::from_u128(id), "c-1".to_owned(), data.order_date, data);
            let json = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event<BasketCheckedOut>>(&json).unwrap(), &event);
            let order = event.data.clone().into_order("c-1".to_owned()).unwrap();
            prop_assert_eq!(order.total_price.amount(), event.data.total_price);
        }
    }

    #[test]
    fn the_largest_checkout_fits_into_an_event() {
        let wide = |length| "\u{1f600}".repeat(length);
        let mut data = checked_out(vec![(100_000_000, 99); domain::basket::Basket::MAX_LINES]);
        for line in &mut data.lines {
            line.product_name = wide(500).parse().unwrap();
            line.color = Some(wide(50).parse().unwrap());
        }
        data.user_name = "x".repeat(128).try_into().unwrap();
        data.recipient.first_name = wide(100).parse().unwrap();
        data.recipient.last_name = wide(100).parse().unwrap();
        data.recipient.address = wide(500).parse().unwrap();
        data.payment.token = Some(wide(200).parse().unwrap());
        let event = Event::new(Uuid::now_v7(), "x".repeat(64), data.order_date, data);
        // EventBridge accepts 256 KB (PutEvents quota). This limit leaves room for what it adds.
        let bytes = serde_json::to_string(&event).unwrap().len();
        assert!(bytes < 250 * 1024, "{bytes}");
    }

    #[test]
    fn consequences_of_a_repeated_event_are_the_same() {
        let at = Timestamp::from_unix_millis(1_767_225_600_000);
        let cause = Event::new(Uuid::now_v7(), "c-1".to_owned(), at, checked_out(vec![(1, 1)]));
        let consequence = |name| cause.consequence(name, at, cause.data.clone()).metadata;
        assert_eq!(consequence("a"), consequence("a"));
        assert_ne!(consequence("a").event_id, consequence("b").event_id);
        assert_eq!(consequence("a").causation_id, Some(cause.metadata.event_id));
        assert_eq!(consequence("a").correlation_id, "c-1");
    }

    #[test]
    fn an_order_that_does_not_add_up_is_refused() {
        let mut wrong = checked_out(vec![(95_040, 2), (87_000, 1)]);
        wrong.total_price = "1820.40".parse().unwrap();
        let refused = wrong.into_order(String::new()).unwrap_err();
        assert_eq!(refused.to_string(), "the lines cost 2770.80 USD, the customer was shown 1820.40 USD");
        assert_eq!(checked_out(vec![]).into_order(String::new()), Err(InvalidOrder::NoLines));
    }
}
