//! What happened to each order: every fact, as it was told, and nothing of whose order it is.
//!
//! | function | does |
//! | --- | --- |
//! | `audit-on-order` | writes each fact down, once |
//! | `audit-api` | answers `/audit` |
//!
//! Owns the table `audit`, to which nothing but new rows is ever written. Listens to the topic of order facts; publishes
//! nothing.

pub mod api;
pub mod entry;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod order_facts;
pub mod store;
