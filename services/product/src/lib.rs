//! The catalogue: products, and what happens to them.
//!
//! | function | does |
//! | --- | --- |
//! | `product-api` | answers `/product` and `/openapi.json` |
//! | `product-publisher` | publishes each change of the product table |
//! | `product-on-stock` | keeps up to date how many units of a product can be sold |
//!
//! Owns the table `product`. Publishes `ProductCreated`, `ProductUpdated` and `ProductDeleted`;
//! listens to `StockChanged`.

pub mod api;
pub mod change;
#[cfg(feature = "openapi")]
pub mod openapi;
mod request;
pub mod stock_changed;
pub mod store;
