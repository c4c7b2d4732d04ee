//! A product of the catalogue.

use serde::{Deserialize, Serialize};

use crate::{Amount, Currency, Money, MoneyError, ProductId, Text, Timestamp};

/// A product's name: 1 to 500 characters.
pub type ProductName = Text<1, 500>;
/// A product's description: up to 4,000 characters.
pub type Description = Text<0, 4000, true>;
/// The file name or URL of a product's picture: 1 to 500 characters.
pub type ImageFile = Text<1, 500>;
/// A product's category: 1 to 200 characters.
pub type Category = Text<1, 200>;

/// The price of one unit of a product: from zero to one million units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Money", into = "Money")]
pub struct Price(Money);

/// Why an amount is not a [`Price`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrice {
    /// The amount is not valid money.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Above the limit, which is in whole units of the currency.
    #[error("must be at most {}", Price::MAX)]
    TooHigh,
}

impl Price {
    /// The highest price, in whole units of any currency.
    pub const MAX: u32 = 1_000_000;

    /// Reads a price in its currency.
    ///
    /// # Errors
    /// When it is negative, finer than the currency's minor unit, or above [`Price::MAX`].
    pub fn from_amount(amount: Amount, currency: Currency) -> Result<Self, InvalidPrice> {
        Self::try_from(Money::from_amount(amount, currency)?)
    }

    /// The price as money, for calculations.
    #[must_use]
    pub fn money(self) -> Money {
        self.0
    }
}

impl TryFrom<Money> for Price {
    type Error = InvalidPrice;

    fn try_from(money: Money) -> Result<Self, InvalidPrice> {
        let unit = Money::from_amount(Amount::from(1), money.currency())?;
        if money.minor() > unit.checked_mul(Self::MAX)?.minor() {
            return Err(InvalidPrice::TooHigh);
        }
        Ok(Self(money))
    }
}

impl From<Price> for Money {
    fn from(price: Price) -> Self {
        price.0
    }
}

/// The details of a product that staff edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductDetails {
    /// Its name.
    pub name: ProductName,
    /// Its description.
    pub description: Option<Description>,
    /// The file name or URL of its picture.
    pub image_file: Option<ImageFile>,
    /// Its category.
    pub category: Category,
    /// The unit price.
    pub price: Price,
}

/// A change of some of a product's details; `None` leaves a detail unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductPatch {
    /// The new name.
    pub name: Option<ProductName>,
    /// The new description, or its removal.
    pub description: Option<Option<Description>>,
    /// The new picture, or its removal.
    pub image_file: Option<Option<ImageFile>>,
    /// The new category.
    pub category: Option<Category>,
    /// The new price.
    pub price: Option<Price>,
}

impl From<ProductDetails> for ProductPatch {
    fn from(details: ProductDetails) -> Self {
        Self {
            name: Some(details.name),
            description: Some(details.description),
            image_file: Some(details.image_file),
            category: Some(details.category),
            price: Some(details.price),
        }
    }
}

/// A product as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its permanent id.
    pub id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The file name or URL of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_file: Option<ImageFile>,
    /// Its category.
    pub category: Category,
    /// The unit price.
    pub price: Price,
    /// Units for sale, as last reported by inventory; `None` if no stock was ever received.
    /// Inventory owns this number, so it changes without a change of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Product {
    /// The product after a change at the time `at`.
    #[must_use]
    pub fn changed(self, patch: ProductPatch, at: Timestamp) -> Self {
        Self {
            id: self.id,
            name: patch.name.unwrap_or(self.name),
            description: patch.description.unwrap_or(self.description),
            image_file: patch.image_file.unwrap_or(self.image_file),
            category: patch.category.unwrap_or(self.category),
            price: patch.price.unwrap_or(self.price),
            available: self.available,
            version: self.version + 1,
            created_at: self.created_at,
            updated_at: at,
        }
    }

    /// A new product, created at the time `at`.
    #[must_use]
    pub fn new(details: ProductDetails, at: Timestamp) -> Self {
        Self {
            id: ProductId::new(at),
            name: details.name,
            description: details.description,
            image_file: details.image_file,
            category: details.category,
            price: details.price,
            available: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(number: &str) -> Result<Price, InvalidPrice> {
        Price::from_amount(number.parse().unwrap(), "USD".parse().unwrap())
    }

    #[test]
    fn a_price_is_at_most_a_million() {
        assert_eq!(price("1000000").unwrap().money().minor(), 100_000_000);
        assert_eq!(price("1000000.01"), Err(InvalidPrice::TooHigh));
        assert_eq!(price("1e18"), Err(InvalidPrice::Money(MoneyError::TooLarge)));
        assert_eq!(price("-0.01"), Err(InvalidPrice::Money(MoneyError::Negative)));
    }
}
