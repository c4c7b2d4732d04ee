//! What customers may ask of their own data: all of it, or that it goes.
//!
//! | function | does |
//! | --- | --- |
//! | `customer-api` | answers `/me` |
//! | `customer-requests` | publishes each request |
//! | `customer-parts` | collects what the other services hand over, and ends an erasure when all are done |
//!
//! Owns the table `customer`. Publishes `CustomerExportRequested` and `CustomerErasureRequested`;
//! listens to `CustomerDataCollected` and `CustomerDataErased`.

pub mod account;
pub mod api;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod parts;
pub mod store;
