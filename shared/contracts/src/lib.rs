//! What the services say to each other: the events that they publish, named in the past tense, and
//! the commands that they receive. There is one module per publisher or receiver.
//!
//! On the bus an event is an EventBridge entry. Its `source` is `shop.<service>`, its `detail-type`
//! is the event's name and its `detail` is an [`Event`]. Consumers ignore unknown fields. A change
//! that breaks existing consumers gets a new version.
//!
//! A command has the same envelope, with the command's name as its type. It is sent directly to the
//! queue of one service and never to the bus. So no other service receives the address and the
//! payment token in it. The receiver answers with an event. A redelivered command changes nothing.

pub mod basket;
mod event;
pub mod inventory;
pub mod ordering;
pub mod payment;
pub mod privacy;
pub mod product;
pub mod shipping;

pub use event::{Event, Metadata, Payload, Published};
