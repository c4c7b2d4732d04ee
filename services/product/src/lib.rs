//! The product service: the catalogue.
//!
//! | function | does |
//! | --- | --- |
//! | `product-api` | answers `/product` and `/openapi.json`, and behind an HTTP API `/health` |
//! | `product-publisher` | publishes each change of the product table |
//! | `product-on-stock` | updates the number of units for sale |
//!
//! Owns the table `product`. Publishes `ProductCreated`, `ProductUpdated` and `ProductDeleted`;
//! consumes `StockChanged`.

pub mod api;
pub mod change;
mod description;
#[cfg(feature = "openapi")]
pub mod openapi;
mod request;
pub mod stock_changed;
pub mod store;
