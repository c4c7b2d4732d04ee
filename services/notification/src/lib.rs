//! Mails to customers about their orders.
//!
//! | function | does |
//! | --- | --- |
//! | `notification-on-checkout` | keeps whom to write to about an order |
//! | `notification-on-order` | writes a mail about what an order comes to, and sends or keeps it |
//! | `notification-on-privacy` | hands over the data of a customer, or erases it |
//!
//! Owns the table `mail`. Listens to `BasketCheckedOut`, which knows the address, to the topic of order facts, which do not,
//! and to `CustomerExportRequested` and `CustomerErasureRequested`; publishes `CustomerDataCollected` and
//! `CustomerDataErased`.

pub mod basket_checked_out;
pub mod order_news;
pub mod privacy;
pub mod render;
pub mod store;
