//! What customers can ask of their own data: a copy, or its erasure. And who can become a customer.
//!
//! | function | does |
//! | --- | --- |
//! | `privacy-api` | answers `/me` and `/customer` |
//! | `privacy-publisher` | publishes each request |
//! | `privacy-on-answer` | collects the answers of the other services, and finishes an erasure when all have answered |
//! | `privacy-on-sign-up` | refuses sign-ups whose user name the shop does not take |
//!
//! Owns the table `privacy`. Publishes `CustomerExportRequested` and `CustomerErasureRequested`;
//! listens to `CustomerDataCollected` and `CustomerDataErased`.

pub mod account;
pub mod api;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod progress;
pub mod store;
