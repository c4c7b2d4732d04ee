//! The ordering service: places orders, and fulfils, cancels or rejects them.
//!
//! | function | does |
//! | --- | --- |
//! | `ordering-api` | answers `/order` |
//! | `ordering-on-checkout` | stores an order for each checkout |
//! | `ordering-publisher` | publishes each change of an order |
//! | `ordering-topic-relay` | publishes order events to a topic |
//! | `ordering-on-privacy` | exports or anonymises a customer's orders |
//! | `ordering-on-event` | fulfilment: claims each order, starts its workflow, completes its waiting tasks, and marks it shipped and delivered |
//! | `ordering-steps` | fulfilment: runs the workflow's steps |
//!
//! Owns the tables `order` and `fulfilment`, and the workflow `fulfilment.asl.json`. Listens to
//! `BasketCheckedOut`, to the events of payment and shipping, to `CustomerExportRequested` and to
//! `CustomerErasureRequested`. Publishes `OrderPlaced` and an event for each status that an order
//! reaches, `CustomerDataCollected` and `CustomerDataErased`. Sends commands to payment and
//! shipping.

pub mod api;
pub mod checkout;
pub mod fulfilment;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod privacy;
pub mod store;
pub mod topic_relay;
