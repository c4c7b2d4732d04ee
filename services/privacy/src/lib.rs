//! Privacy: customers export or erase their own data.
//!
//! | function | does |
//! | --- | --- |
//! | `privacy-api` | answers `/me` and `/customer` |
//! | `privacy-publisher` | publishes each request |
//! | `privacy-on-answer` | collects the services' answers, finishes an erasure after the last one |
//!
//! Owns the table `privacy`. Publishes `CustomerExportRequested` and `CustomerErasureRequested`;
//! consumes `CustomerDataCollected` and `CustomerDataErased`.

pub mod account;
pub mod api;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod progress;
pub mod store;
