//! The catalogue: products, and what happens to them.
//!
//! | function | does |
//! | --- | --- |
//! | `product-api` | answers `/product` and `/openapi.json` |
//! | `product-events` | publishes each change of the product table |
//!
//! Owns the table `product`. Publishes `ProductCreated`, `ProductUpdated` and `ProductDeleted`;
//! listens to nothing.

pub mod api;
pub mod change;
#[cfg(feature = "openapi")]
pub mod openapi;
mod request;
pub mod store;
