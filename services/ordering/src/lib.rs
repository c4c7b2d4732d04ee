//! Orders.
//!
//! | function | does |
//! | --- | --- |
//! | `ordering-api` | answers `/order` |
//! | `ordering-consumer` | makes each checked-out basket an order |
//! | `ordering-events` | publishes what becomes of orders |
//! | `ordering-facts` | starts the workflow of each order, and tells it what it waits for |
//! | `ordering-steps` | does what the workflow asks of orders |
//! | `ordering-topic` | tells on a topic what becomes of orders |
//! | `ordering-customers` | hands over a customer's orders, or erases whose they were |
//!
//! Owns the tables `order` and `fulfilment`, and the workflow `fulfilment.asl.json`. Listens to `BasketCheckedOut`, to
//! what payment and delivery tell, to `CustomerExportRequested` and `CustomerErasureRequested`; publishes `OrderPlaced`
//! and a fact for each status that an order comes to, `CustomerDataCollected` and `CustomerDataErased`. Commands payment
//! and delivery.

pub mod api;
pub mod basket_checked_out;
pub mod fulfilment;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod privacy;
pub mod store;
pub mod topic;
