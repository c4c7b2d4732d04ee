//! The events of the catalogue.

use domain::product::{Category, Description, ImageFile, Product, ProductName};
use domain::{Amount, Currency, ProductId};
use serde::{Deserialize, Serialize};

use crate::event::payloads;

/// A product, as published to the other services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductSnapshot {
    /// The product.
    pub id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Its category.
    pub category: Category,
    /// The file name or URL of its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_file: Option<ImageFile>,
    /// The unit price.
    pub price: Amount,
    /// The price's currency.
    pub currency: Currency,
    /// Counts the product's changes: the snapshot with the greater version is the later one.
    pub version: u64,
}

impl From<&Product> for ProductSnapshot {
    fn from(product: &Product) -> Self {
        let price = product.price.money();
        Self {
            id: product.id,
            name: product.name.clone(),
            description: product.description.clone(),
            category: product.category.clone(),
            image_file: product.image_file.clone(),
            price: price.amount(),
            currency: price.currency(),
            version: product.version,
        }
    }
}

/// A product was added to the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductCreated {
    /// The product as it is now.
    pub product: ProductSnapshot,
}

/// A product of the catalogue changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductUpdated {
    /// The product as it is now.
    pub product: ProductSnapshot,
    /// The price before and after, when it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_change: Option<PriceChange>,
}

/// A price before and after, both in the product's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceChange {
    /// The unit price.
    pub from: Amount,
    /// The new unit price.
    pub to: Amount,
}

/// A product was removed from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductDeleted {
    /// The removed product.
    pub product_id: ProductId,
    /// Greater than the version of every snapshot of it.
    pub version: u64,
}

payloads!("shop.product" => ProductCreated, ProductUpdated, ProductDeleted);

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::Event;

    #[test]
    fn a_reader_ignores_what_it_does_not_know() {
        let id = ProductId::new(Timestamp::now());
        let json = format!(
            r#"{{"metadata": {{"eventId": "{id}", "version": 2, "correlationId": "c", "occurredAt": "2026-01-31T12:00:00Z", "new": 1}},
                "data": {{"productId": "{id}", "version": 3, "reason": "sold out"}}, "more": {{}}}}"#
        );
        let event: Event<ProductDeleted> = serde_json::from_str(&json).unwrap();
        assert_eq!(event.data, ProductDeleted { product_id: id, version: 3 });
    }
}
