//! The events of inventory.

use domain::stock::LineQuantity;
use domain::{OrderId, ProductId};
use serde::{Deserialize, Serialize};

use crate::event::payloads;

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

payloads!("shop.inventory" => StockReserved, StockReleased, StockShipped, StockChanged, StockLow);

/// A request of order fulfilment to inventory. Each request is idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum StockStep {
    /// Reserve all units, or none.
    #[serde(rename_all = "camelCase")]
    Reserve {
        /// The order.
        order_id: OrderId,
        /// The units to reserve.
        units: Vec<LineQuantity>,
    },
    /// Release the reserved units, if any. Nothing can be reserved for the order afterwards.
    #[serde(rename_all = "camelCase")]
    Release {
        /// The order.
        order_id: OrderId,
    },
    /// Ship the reserved units: they have left the warehouse.
    #[serde(rename_all = "camelCase")]
    Ship {
        /// The order.
        order_id: OrderId,
    },
}
