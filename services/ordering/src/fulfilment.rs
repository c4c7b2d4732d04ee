//! Fulfilment: from a placed order to a delivered parcel, or back by compensation.
//!
//! The rest of the service does not depend on it: without fulfilment, an order stays `PENDING` until
//! its customer cancels it.
//!
//! `fulfilment.asl.json` defines the Step Functions workflow, and docs/saga.md draws it. [`events`]
//! claims an order, starts its workflow and completes its waiting tasks. [`steps`] performs the
//! workflow's steps on orders.

pub mod events;
pub mod steps;
pub mod store;
mod tasks;
