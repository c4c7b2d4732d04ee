//! Shipping: an order's parcel, from the command to ship it until its delivery.
//!
//! | function | does |
//! | --- | --- |
//! | `shipping-on-command` | creates and cancels shipments |
//! | `shipping-carrier` | simulates the carrier: dispatches and delivers parcels after a delay |
//! | `shipping-publisher` | publishes shipment events |
//! | `shipping-api` | answers `/shipment`, for staff |
//!
//! Owns the table `shipment`. Consumes `ShipOrder` and `CancelShipment`; publishes
//! `ShipmentCreated`, `ShipmentRefused`, `ShipmentCancelled`, `ShipmentDispatched` and
//! `ShipmentDelivered`.
//!
//! A schedule delays each step of the carrier: it publishes `ShipmentStepDue`, which only
//! `shipping-carrier` consumes. It is created outside the table's write. No step is
//! lost, because a message is acknowledged only when both exist, and repeating either changes
//! nothing.

pub mod api;
pub mod carrier;
pub mod commands;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod rounds;
pub mod shipment;
pub mod store;
