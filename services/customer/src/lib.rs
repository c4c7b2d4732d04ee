//! What customers can ask of their own data: a copy, or its erasure. And who can become a customer.
//!
//! | function | does |
//! | --- | --- |
//! | `customer-api` | answers `/me` and `/customer` |
//! | `customer-requests` | publishes each request |
//! | `customer-parts` | collects the answers of the other services, and finishes an erasure when all have answered |
//! | `customer-sign-up` | refuses sign-ups whose user name the shop does not take |
//!
//! Owns the table `customer`. Publishes `CustomerExportRequested` and `CustomerErasureRequested`;
//! listens to `CustomerDataCollected` and `CustomerDataErased`.

pub mod account;
pub mod api;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod progress;
pub mod store;
