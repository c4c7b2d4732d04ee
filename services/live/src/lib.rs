//! What customers and staff hear at once, by a WebSocket: where orders stand, and each other.
//!
//! | function | does |
//! | --- | --- |
//! | `live-authorizer` | says whose token it is that a client connects with |
//! | `live-connections` | keeps in mind who is connected |
//! | `live-messages` | answers what clients say |
//! | `live-updates` | tells customers where their orders stand |
//! | `live-customers` | hands over a customer's chat, or erases it |
//!
//! Owns the tables `connection` and `chat`. Listens to a fact for each status that an order comes to, to
//! `CustomerExportRequested` and `CustomerErasureRequested`; publishes `CustomerDataCollected` and `CustomerDataErased`.
//! docs/live.md says what clients send and get.

pub mod connections;
pub mod frame;
pub mod messages;
pub mod privacy;
pub mod push;
mod request;
pub mod store;
pub mod updates;
