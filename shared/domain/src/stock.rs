//! Stock, for ordering and inventory.

use serde::{Deserialize, Serialize};

use crate::basket::Quantity;
use crate::{OrderId, ProductId};

/// Units of one product that belong to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LineQuantity {
    /// The product.
    pub product_id: ProductId,
    /// The number of units in one line. A product in several colours has several lines.
    pub quantity: Quantity,
}

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
