//! What is in the warehouse.

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
    /// How many; of a product that stands in several lines, in colours, this is one of them.
    pub quantity: Quantity,
}

/// What the fulfilment of an order asks of the warehouse. Asked again, each of them changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum StockStep {
    /// Set all units aside, or none.
    #[serde(rename_all = "camelCase")]
    Reserve {
        /// For which order.
        order_id: OrderId,
        /// What.
        units: Vec<LineQuantity>,
    },
    /// Put back what was set aside, if anything was; nothing can be set aside for the order afterwards.
    #[serde(rename_all = "camelCase")]
    Release {
        /// For which order.
        order_id: OrderId,
    },
    /// What was set aside has left the house.
    #[serde(rename_all = "camelCase")]
    Ship {
        /// With which order.
        order_id: OrderId,
    },
}
