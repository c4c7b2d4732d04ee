//! Units of products, for ordering and inventory.

use serde::{Deserialize, Serialize};

use crate::ProductId;
use crate::basket::Quantity;

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
