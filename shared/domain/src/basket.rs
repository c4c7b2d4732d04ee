//! A customer's basket and its current price, for the basket service.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::customer::Customer;
use crate::product::ProductName;
use crate::{Currency, ItemId, Money, MoneyError, ProductId, Text, WholeNumber};

/// The colour a product comes in: 1 to 50 characters.
pub type Color = Text<1, 50>;

/// The number of units of one product: 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Number", into = "u8")]
pub struct Quantity(u8);

/// Why a number is not a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", Quantity::MAX)]
pub struct InvalidQuantity;

impl Quantity {
    /// The most units that a line can hold.
    pub const MAX: u8 = 99;

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// The sum of both, or `None` above the limit.
    fn checked_add(self, more: Self) -> Option<Self> {
        self.0.checked_add(more.0).and_then(|sum| Self::try_from(sum).ok())
    }
}

impl TryFrom<u8> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(units: u8) -> Result<Self, InvalidQuantity> {
        if (1..=Self::MAX).contains(&units) { Ok(Self(units)) } else { Err(InvalidQuantity) }
    }
}

impl TryFrom<serde_json::Number> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(number: serde_json::Number) -> Result<Self, InvalidQuantity> {
        let units = WholeNumber::try_from(number).map_err(|_| InvalidQuantity)?;
        u8::try_from(units.get()).map_err(|_| InvalidQuantity)?.try_into()
    }
}

impl From<Quantity> for u8 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

/// One line of a basket: units of one product in one colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Identifies the line within the basket.
    pub item_id: ItemId,
    /// The product.
    pub product_id: ProductId,
    /// Its colour, if it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// The number of units.
    pub quantity: Quantity,
    /// The unit price when the customer added the line.
    pub price_when_added: Money,
}

impl Line {
    /// A line with `quantity` units at the offer's price.
    #[must_use]
    pub fn new(offer: &Offer, color: Option<Color>, quantity: Quantity) -> Self {
        Self {
            item_id: ItemId::of(offer.product_id, color.as_ref().map(Color::as_str)),
            product_id: offer.product_id,
            color,
            quantity,
            price_when_added: offer.price,
        }
    }
}

/// A customer's basket: up to [`Basket::MAX_LINES`] lines in the order they were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The customer who owns the basket.
    pub customer: Customer,
    lines: Vec<Line>,
}

/// Why a change of a basket is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasketError {
    /// Too many lines.
    #[error("a basket holds at most {} lines", Basket::MAX_LINES)]
    TooManyLines,
    /// Too many units in one line.
    #[error("a line holds at most {} units", Quantity::MAX)]
    TooManyUnits,
    /// The basket has no such line.
    #[error("the basket has no such item")]
    NoSuchItem,
}

impl Basket {
    /// The most lines that a basket can hold.
    pub const MAX_LINES: usize = 100;

    /// An empty basket.
    #[must_use]
    pub fn empty(customer: Customer) -> Self {
        Self { customer, lines: Vec::new() }
    }

    /// A basket with these lines; lines of the same product and colour are merged.
    ///
    /// # Errors
    /// When there are too many lines, or too many units in one line.
    pub fn with_lines(
        customer: Customer,
        lines: impl IntoIterator<Item = Line>,
    ) -> Result<Self, BasketError> {
        let mut basket = Self::empty(customer);
        lines.into_iter().try_for_each(|line| basket.add(line))?;
        Ok(basket)
    }

    /// The lines, in the order they were added.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Adds a line, or adds its units to the line with the same product and colour.
    ///
    /// # Errors
    /// When the basket would have too many lines, or a line too many units.
    pub fn add(&mut self, line: Line) -> Result<(), BasketError> {
        if let Some(there) = self.line_mut(line.item_id) {
            let quantity = there.quantity.checked_add(line.quantity);
            there.quantity = quantity.ok_or(BasketError::TooManyUnits)?;
        } else if self.lines.len() < Self::MAX_LINES {
            self.lines.push(line);
        } else {
            return Err(BasketError::TooManyLines);
        }
        Ok(())
    }

    /// Sets how many units a line holds.
    ///
    /// # Errors
    /// When there is no such line.
    pub fn set_quantity(&mut self, item: ItemId, quantity: Quantity) -> Result<(), BasketError> {
        self.line_mut(item).ok_or(BasketError::NoSuchItem)?.quantity = quantity;
        Ok(())
    }

    /// Removes a line.
    ///
    /// # Errors
    /// When there is no such line.
    pub fn remove(&mut self, item: ItemId) -> Result<(), BasketError> {
        let before = self.lines.len();
        self.lines.retain(|line| line.item_id != item);
        if self.lines.len() < before { Ok(()) } else { Err(BasketError::NoSuchItem) }
    }

    /// The basket at the current offers. A product without an offer is no longer sold. Its line has
    /// the price at which it was added, and is not part of the subtotal.
    ///
    /// # Errors
    /// When the offers are in several currencies, or a sum is beyond 64 bits.
    pub fn price(&self, offers: &Offers, currency: Currency) -> Result<PricedBasket, MoneyError> {
        let lines = self
            .lines
            .iter()
            .map(|line| PricedLine::new(line, offers.get(&line.product_id)))
            .collect::<Result<Vec<_>, _>>()?;
        let subtotal = lines
            .iter()
            .filter(|line| line.available())
            .try_fold(Money::zero(currency), |sum, line| sum.checked_add(line.total))?;
        Ok(PricedBasket { customer: self.customer.clone(), lines, subtotal })
    }

    fn line_mut(&mut self, item: ItemId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.item_id == item)
    }
}

/// The data of a product on sale that a basket needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// The current unit price.
    pub price: Money,
}

/// Offers by product; a product that is not sold has no offer.
pub type Offers = HashMap<ProductId, Offer>;

/// A basket at current prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedBasket {
    /// The customer who owns the basket.
    pub customer: Customer,
    /// The lines, in the order they were added.
    pub lines: Vec<PricedLine>,
    /// The sum of all available lines.
    pub subtotal: Money,
}

/// A line at the current price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// Identifies the line within the basket.
    pub item_id: ItemId,
    /// The product.
    pub product_id: ProductId,
    /// Its name; `None` if it is no longer sold.
    pub product_name: Option<ProductName>,
    /// Its colour.
    pub color: Option<Color>,
    /// The number of units.
    pub quantity: Quantity,
    /// The unit price.
    pub price: Money,
    /// The price of all units.
    pub total: Money,
    /// Whether the price has changed since the customer added the line.
    pub price_changed: bool,
}

impl PricedLine {
    fn new(line: &Line, offer: Option<&Offer>) -> Result<Self, MoneyError> {
        let price = offer.map_or(line.price_when_added, |offer| offer.price);
        Ok(Self {
            item_id: line.item_id,
            product_id: line.product_id,
            product_name: offer.map(|offer| offer.name.clone()),
            color: line.color.clone(),
            quantity: line.quantity,
            price,
            total: price.checked_mul(line.quantity.get().into())?,
            price_changed: price != line.price_when_added,
        })
    }

    /// Whether the product is still sold.
    #[must_use]
    pub fn available(&self) -> bool {
        self.product_name.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    fn usd() -> Currency {
        "USD".parse().unwrap()
    }

    fn user() -> Customer {
        let id = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a".parse().unwrap();
        Customer { id, user_name: "swn".parse().unwrap() }
    }

    fn offer(minor: u64) -> Offer {
        Offer {
            product_id: ProductId::new(Timestamp::now()),
            name: ProductName::try_from("IPhone X".to_owned()).unwrap(),
            price: Money::from_minor(minor, usd()),
        }
    }

    fn quantity(units: u8) -> Quantity {
        units.try_into().unwrap()
    }

    fn offers<'a>(offers: impl IntoIterator<Item = &'a Offer>) -> Offers {
        offers.into_iter().map(|offer| (offer.product_id, offer.clone())).collect()
    }

    proptest! {
        #[test]
        fn a_subtotal_is_the_sum_of_price_times_quantity(
            lines in prop::collection::vec((0..100_000_000_u64, 1..=99_u8), 0..=100)
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(minor, units)| (offer(minor), units)).collect();
            let basket = Basket::with_lines(
                user(),
                lines.iter().map(|(offer, units)| Line::new(offer, None, quantity(*units))),
            ).unwrap();
            let priced = basket.price(&offers(lines.iter().map(|(offer, _)| offer)), usd()).unwrap();
            let sum: u64 = lines.iter().map(|(offer, units)| offer.price.minor() * u64::from(*units)).sum();
            prop_assert_eq!(priced.subtotal, Money::from_minor(sum, usd()));
            prop_assert!(priced.lines.iter().all(|line| !line.price_changed && line.available()));
        }

        #[test]
        fn a_basket_keeps_its_limits_under_any_changes(
            steps in prop::collection::vec((0..3_u8, 0..130_usize, 1..=99_u8), 0..400)
        ) {
            let offers: Vec<_> = (0..130).map(offer).collect();
            let mut basket = Basket::empty(user());
            for (step, which, units) in steps {
                let line = Line::new(&offers[which], None, quantity(units));
                let item = line.item_id;
                // Rejected changes are expected here. The assertions check the basket afterwards.
                match step {
                    0 => basket.add(line),
                    1 => basket.set_quantity(item, quantity(units)),
                    _ => basket.remove(item),
                }
                .unwrap_or_default();
                prop_assert!(basket.lines().len() <= Basket::MAX_LINES);
                prop_assert!(basket.lines().iter().all(|line| (1..=99).contains(&line.quantity.get())));
                let mut items: Vec<_> = basket.lines().iter().map(|line| line.item_id).collect();
                items.sort_unstable();
                items.dedup();
                prop_assert_eq!(items.len(), basket.lines().len());
            }
        }
    }

    #[test]
    fn the_same_product_and_colour_is_one_line() {
        let phone = offer(95_040);
        let red = Color::try_from("red".to_owned()).unwrap();
        let mut basket = Basket::empty(user());
        basket.add(Line::new(&phone, Some(red.clone()), quantity(1))).unwrap();
        basket.add(Line::new(&phone, None, quantity(1))).unwrap();
        basket.add(Line::new(&phone, Some(red), quantity(2))).unwrap();
        let units: Vec<_> = basket.lines().iter().map(|line| line.quantity.get()).collect();
        assert_eq!(units, [3, 1]);
    }

    #[test]
    fn a_line_that_is_full_takes_no_more() {
        let phone = offer(95_040);
        let mut basket = Basket::with_lines(user(), [Line::new(&phone, None, quantity(99))]).unwrap();
        let refused = basket.add(Line::new(&phone, None, quantity(1)));
        assert_eq!(refused, Err(BasketError::TooManyUnits));
        assert_eq!(basket.lines()[0].quantity.get(), 99);
    }

    #[test]
    fn a_new_price_shows_and_counts() {
        let mut phone = offer(95_040);
        let basket = Basket::with_lines(user(), [Line::new(&phone, None, quantity(2))]).unwrap();
        phone.price = Money::from_minor(90_000, usd());
        let priced = basket.price(&offers([&phone]), usd()).unwrap();
        assert!(priced.lines[0].price_changed);
        assert_eq!(priced.subtotal.minor(), 180_000);
    }

    #[test]
    fn a_product_no_longer_sold_shows_but_does_not_count() {
        let (phone, gone) = (offer(95_040), offer(87_000));
        let lines = [Line::new(&phone, None, quantity(1)), Line::new(&gone, None, quantity(1))];
        let basket = Basket::with_lines(user(), lines).unwrap();
        let priced = basket.price(&offers([&phone]), usd()).unwrap();
        assert!(!priced.lines[1].available());
        assert_eq!(priced.subtotal.minor(), 95_040);
    }

    #[test]
    fn quantities_are_whole_numbers_from_1_to_99() {
        for good in ["1", "99"] {
            assert!(serde_json::from_str::<Quantity>(good).is_ok(), "{good}");
        }
        for bad in ["0", "100", "-1", "1.5", "1e30", r#""2""#, "null"] {
            assert!(serde_json::from_str::<Quantity>(bad).is_err(), "{bad}");
        }
    }
}
