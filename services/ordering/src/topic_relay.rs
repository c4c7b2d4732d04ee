//! Relay of order events to an SNS topic, where every subscriber has its own queue and filter.
//!
//! The relay publishes an event unchanged, including fields that it does not read. Message
//! attributes are for the subscribers' filters: `type`, the `version` of its schema, and the
//! `status` that the order has reached.

use contracts::ordering::{RawOrderEvent, SOURCE};
use lambdakit::json;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::messaging::topic::Topic;
use serde::Deserialize;

/// The part of an event that subscribers filter by.
#[derive(Deserialize)]
struct Detail {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u32,
}

/// Relays order events.
#[derive(Clone, Debug)]
pub struct TopicRelay {
    topic: Topic,
}

impl TopicRelay {
    /// A relay to this topic.
    #[must_use]
    pub fn new(topic: Topic) -> Self {
        Self { topic }
    }
}

impl consumer::Handler for TopicRelay {
    type Event = RawOrderEvent;

    async fn handle(&self, event: RawOrderEvent) -> Result<(), HandlerError> {
        let (name, status, detail) = event.parts();
        let Detail { metadata } = json::read(detail.get())?;
        let version = metadata.version.to_string();
        let attributes = [("type", name), ("version", &version), ("status", status.as_str())];
        Ok(self.topic.publish(SOURCE, name, &detail, &attributes).await?)
    }
}
