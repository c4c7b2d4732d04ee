//! The inventory service: how many units of each product there are, and which orders reserve them.
//!
//! | function | does |
//! | --- | --- |
//! | `inventory-api` | answers `/stock` |
//! | `inventory-steps` | reserves, releases or ships the units of an order |
//! | `inventory-publisher` | publishes each change of the stock table |
//!
//! Owns the table `stock`. Listens to no events: the fulfilment workflow calls it. Publishes
//! `StockReserved`, `StockReleased`, `StockShipped`, `StockChanged` and `StockLow`.

pub mod api;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
mod request;
pub mod reservation;
pub mod steps;
pub mod store;
