//! What customers and staff hear at once, by a WebSocket: where orders stand, and each other.
//!
//! | function | does |
//! | --- | --- |
//! | `realtime-authorizer` | says whose token it is that a client connects with |
//! | `realtime-connections` | keeps in mind who is connected |
//! | `realtime-messages` | answers what clients say |
//! | `realtime-on-order` | tells customers where their orders stand |
//! | `realtime-on-privacy` | hands over a customer's chat, or erases it |
//!
//! Owns the tables `connection` and `chat`. Listens to a fact for each status that an order comes to, to
//! `CustomerExportRequested` and `CustomerErasureRequested`; publishes `CustomerDataCollected` and `CustomerDataErased`.
//! docs/realtime.md says what clients send and get.

pub mod connections;
pub mod frame;
pub mod messages;
pub mod privacy;
pub mod push;
mod request;
pub mod store;
pub mod updates;
