//! Shipments: an order's parcel, from the day it is asked for until it has arrived.
//!
//! | function | does |
//! | --- | --- |
//! | `shipping-on-command` | has parcels fetched, or stay here |
//! | `shipping-carrier` | is the carrier: each parcel leaves after a while, and arrives after another |
//! | `shipping-publisher` | tells what becomes of each shipment |
//! | `shipping-api` | answers `/shipment`, for staff |
//!
//! Owns the table `shipment`. Takes `ShipOrder` and `CancelShipment`; publishes `ShipmentCreated`,
//! `ShipmentRefused`, `ShipmentCancelled`, `ShipmentDispatched` and `ShipmentDelivered`.
//!
//! A step of the carrier's is put off by a schedule, which is no part of the table's write. Nothing is lost all the
//! same: a message is acknowledged when both are there, and doing either again changes nothing.

pub mod api;
pub mod carrier;
pub mod commands;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod rounds;
pub mod shipment;
pub mod store;
