//! What the warehouse tells.

use serde::{Deserialize, Serialize};

use super::facts;
use crate::stock::LineQuantity;
use crate::{OrderId, ProductId};

/// The units of an order were set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockReserved {
    /// The order.
    pub order_id: OrderId,
    /// What was set aside.
    pub units: Vec<LineQuantity>,
}

/// What was set aside for an order was put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockReleased {
    /// The order.
    pub order_id: OrderId,
    /// What was put back.
    pub units: Vec<LineQuantity>,
}

/// What was set aside for an order has left the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockShipped {
    /// The order.
    pub order_id: OrderId,
    /// What has left.
    pub units: Vec<LineQuantity>,
}

/// There are more or fewer units of a product than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockChanged {
    /// The product.
    pub product_id: ProductId,
    /// Units that can be sold.
    pub on_hand: u64,
    /// Units set aside for orders that have not left.
    pub reserved: u64,
    /// Counts the changes of the product's stock: of two the greater is the later one.
    pub version: u64,
}

/// Few units of a product are left to be sold. Told when it comes to that, not again with each unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockLow {
    /// The product.
    pub product_id: ProductId,
    /// Units that can be sold.
    pub on_hand: u64,
    /// Fewer than this are few.
    pub threshold: u64,
}

facts!("shop.inventory": StockReserved, StockReleased, StockShipped, StockChanged, StockLow);
