//! The audit log: every order event as it was published, without data about the customer.
//!
//! | function | does |
//! | --- | --- |
//! | `audit-on-order` | stores each event once |
//! | `audit-api` | answers `/audit` |
//!
//! Owns the table `audit`, which is append-only. Consumes the topic of order events; publishes
//! nothing.

pub mod api;
pub mod entry;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod order_event;
pub mod store;
