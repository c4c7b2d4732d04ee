//! The envelope of all events and commands.

use domain::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Sets the name, version and source of payloads.
macro_rules! payloads {
    ($source:expr => $($name:ident),* $(,)?) => {
        $(impl crate::event::Payload for $name {
            const DETAIL_TYPE: &'static str = stringify!($name);
            const VERSION: u32 = 1;
        }

        impl crate::event::Published for $name {
            const SOURCE: &'static str = $source;
        })*
    };
}
pub(crate) use payloads;

/// The payload of an event or command: its `data`.
pub trait Payload: Serialize + DeserializeOwned {
    /// The event's name, as EventBridge's `detail-type`.
    const DETAIL_TYPE: &'static str;
    /// The version of its schema.
    const VERSION: u32;
}

/// The payload of an event that one service publishes.
pub trait Published: Payload {
    /// The service, as EventBridge's `source`.
    const SOURCE: &'static str;
}

/// An event's payload and metadata: the `detail` of an EventBridge entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event<D> {
    /// The metadata.
    pub metadata: Metadata,
    /// The payload.
    pub data: D,
}

/// The metadata of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Identifies the event; an event that is published again keeps its id.
    pub event_id: Uuid,
    /// The version of the payload's schema.
    pub version: u32,
    /// Correlates everything that one client request caused.
    pub correlation_id: String,
    /// The event that caused this one, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// When it happened, not when it was published.
    pub occurred_at: Timestamp,
}

impl<D: Payload> Event<D> {
    /// Creates an event that happened at `occurred_at`.
    pub fn new(event_id: Uuid, correlation_id: String, occurred_at: Timestamp, data: D) -> Self {
        let metadata =
            Metadata { event_id, version: D::VERSION, correlation_id, causation_id: None, occurred_at };
        Self { metadata, data }
    }

    /// Creates an event that this event caused. `name` distinguishes it from others with the same
    /// cause. The same `name` always gives the same event id.
    pub fn consequence<P: Payload>(&self, name: &str, occurred_at: Timestamp, data: P) -> Event<P> {
        let Metadata { event_id, correlation_id, .. } = &self.metadata;
        let id = Uuid::new_v5(event_id, name.as_bytes());
        let mut event = Event::new(id, correlation_id.clone(), occurred_at, data);
        event.metadata.causation_id = Some(*event_id);
        event
    }
}
