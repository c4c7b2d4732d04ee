//! The WebSocket API for customers and staff: order status updates and chat.
//!
//! | function | does |
//! | --- | --- |
//! | `realtime-authorizer` | validates the token that a client connects with |
//! | `realtime-connections` | stores and removes connections |
//! | `realtime-messages` | answers client messages |
//! | `realtime-on-order` | pushes order status updates to customers |
//! | `realtime-on-privacy` | exports a customer's chat, or erases it |
//!
//! Owns the tables `connection` and `chat`. Consumes an event for each status of an order,
//! `CustomerExportRequested` and `CustomerErasureRequested`; publishes `CustomerDataCollected` and
//! `CustomerDataErased`. docs/realtime.md documents the frames.

pub mod connections;
pub mod frame;
pub mod messages;
pub mod order_event;
pub mod privacy;
pub mod push;
mod request;
pub mod store;
