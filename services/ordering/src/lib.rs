//! The ordering service: places orders, and fulfils, cancels or rejects them.
//!
//! | function | does |
//! | --- | --- |
//! | `ordering-api` | answers `/order` |
//! | `ordering-on-checkout` | makes each checked-out basket an order |
//! | `ordering-publisher` | publishes what becomes of orders |
//! | `ordering-on-event` | starts the workflow of each order, and tells it what it waits for |
//! | `ordering-steps` | does what the workflow asks of orders |
//! | `ordering-topic-relay` | tells on a topic what becomes of orders |
//! | `ordering-on-privacy` | hands over a customer's orders, or erases whose they were |
//!
//! Owns the tables `order` and `fulfilment`, and the workflow `fulfilment.asl.json`. Listens to
//! `BasketCheckedOut`, to the events of payment and shipping, to `CustomerExportRequested` and to
//! `CustomerErasureRequested`. Publishes `OrderPlaced` and an event for each status that an order
//! reaches, `CustomerDataCollected` and `CustomerDataErased`. Sends commands to payment and
//! shipping.

pub mod api;
pub mod basket_checked_out;
pub mod fulfilment;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod privacy;
pub mod store;
pub mod topic;
