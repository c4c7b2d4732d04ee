//! The events of inventory.

use serde::{Deserialize, Serialize};

use super::facts;
use crate::stock::LineQuantity;
use crate::{OrderId, ProductId};

/// The units of an order were reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockReserved {
    /// The order.
    pub order_id: OrderId,
    /// The reserved units.
    pub units: Vec<LineQuantity>,
}

/// The units that were reserved for an order were released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockReleased {
    /// The order.
    pub order_id: OrderId,
    /// The released units.
    pub units: Vec<LineQuantity>,
}

/// The units that were reserved for an order were shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockShipped {
    /// The order.
    pub order_id: OrderId,
    /// The shipped units.
    pub units: Vec<LineQuantity>,
}

/// The stock of a product changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockChanged {
    /// The product.
    pub product_id: ProductId,
    /// Units for sale.
    pub on_hand: u64,
    /// Units reserved for orders that have not been shipped.
    pub reserved: u64,
    /// Counts the changes of the product's stock: the greater version is the later one.
    pub version: u64,
}

/// Few units of a product are left for sale. Published once when stock becomes low, not for each
/// unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockLow {
    /// The product.
    pub product_id: ProductId,
    /// Units for sale.
    pub on_hand: u64,
    /// Stock is low below this number of units.
    pub threshold: u64,
}

facts!("shop.inventory": StockReserved, StockReleased, StockShipped, StockChanged, StockLow);
