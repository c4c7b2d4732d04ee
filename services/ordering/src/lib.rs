//! Orders.
//!
//! | function | does |
//! | --- | --- |
//! | `ordering-api` | answers `/order` |
//! | `ordering-consumer` | makes each checked-out basket an order |
//!
//! Owns the table `order`. Listens to `BasketCheckedOut`; publishes nothing yet.

pub mod api;
pub mod basket_checked_out;
pub mod store;
