//! The basket service: baskets and checkout.
//!
//! | function | does |
//! | --- | --- |
//! | `basket-api` | answers `/basket` |
//! | `basket-on-product` | keeps the price table up to date with the catalogue |
//! | `basket-publisher` | publishes each checkout |
//! | `basket-on-privacy` | exports a customer's basket, or erases it |
//!
//! Owns the tables `basket`, `price` (a replica of the product data that baskets need), `checkout`
//! (the outbox) and `idempotency`. Consumes `ProductCreated`, `ProductUpdated`, `ProductDeleted`,
//! `CustomerExportRequested` and `CustomerErasureRequested`; publishes `BasketCheckedOut`,
//! `CustomerDataCollected` and `CustomerDataErased`.

pub mod api;
pub mod checkout;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod privacy;
pub mod product_event;
mod request;
pub mod store;
