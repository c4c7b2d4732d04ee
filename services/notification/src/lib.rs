//! Mails to customers about their orders.
//!
//! | function | does |
//! | --- | --- |
//! | `notification-on-checkout` | stores whom to mail about an order, and writes mails that waited for it |
//! | `notification-on-order` | sends or stores mails about order events |
//! | `notification-on-privacy` | exports a customer's data, or erases it |
//!
//! Owns the table `mail`. Consumes `BasketCheckedOut`, which has the address, and the topic of
//! order events, which do not have it. Also consumes `CustomerExportRequested` and
//! `CustomerErasureRequested`; publishes `CustomerDataCollected` and `CustomerDataErased`.

pub mod basket_checked_out;
pub mod order_event;
pub mod privacy;
pub mod render;
pub mod store;
