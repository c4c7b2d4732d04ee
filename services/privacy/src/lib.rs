//! Privacy: customers export or erase their own data. The service also checks sign-ups.
//!
//! | function | does |
//! | --- | --- |
//! | `privacy-api` | answers `/me` and `/customer` |
//! | `privacy-publisher` | publishes each request |
//! | `privacy-on-event` | delays an erasure, collects the services' answers, finishes an erasure after the last one |
//! | `privacy-on-sign-up` | rejects sign-ups with an invalid user name |
//!
//! Owns the table `privacy`. Publishes `CustomerExportRequested`, `CustomerErasureRequested` and
//! `CustomerErasureDue`; consumes `CustomerErasureRequested`, `CustomerDataCollected` and
//! `CustomerDataErased`.

pub mod account;
pub mod api;
pub mod erasure;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod progress;
pub mod store;
