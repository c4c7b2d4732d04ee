//! Orders.
//!
//! | function | does |
//! | --- | --- |
//! | `ordering-api` | answers `/order` |
//! | `ordering-consumer` | makes each checked-out basket an order |
//! | `ordering-customers` | hands a customer's orders over, or forgets whose they were |
//!
//! Owns the table `order`. Listens to `BasketCheckedOut`, `CustomerExportRequested` and
//! `CustomerErasureRequested`; publishes `CustomerDataCollected` and `CustomerDataErased`.

pub mod api;
pub mod basket_checked_out;
pub mod customer_requests;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod store;
