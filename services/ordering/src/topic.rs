//! Relay of order events to an SNS topic, where every subscriber has its own queue and filter.
//!
//! The relay publishes an event unchanged, including fields that it does not read. Message
//! attributes are for the subscribers' filters: `type`, the `version` of its schema, and the
//! `status` that the order has reached.

use domain::order::OrderStatus;
use lambdakit::batch::{self, HandlerError};
use lambdakit::queue;
use lambdakit::topic::Topic;
use serde::Deserialize;
use serde_json::value::RawValue;

const SOURCE: &str = "shop.ordering";

/// Lists the events that are relayed, and the order status that each of them reports.
macro_rules! facts {
    ($($name:ident => $status:ident,)*) => {
        /// An order event whose detail is not parsed.
        #[derive(Clone, Debug, Deserialize)]
        #[expect(missing_docs, reason = "they are those of `domain::event::ordering`")]
        pub enum OrderEvent {
            $($name(Box<RawValue>),)*
        }

        impl OrderEvent {
            /// Its detail-type, its status and its detail.
            fn parts(&self) -> (&'static str, OrderStatus, &RawValue) {
                match self {
                    $(Self::$name(detail) => (stringify!($name), OrderStatus::$status, detail),)*
                }
            }
        }
    };
}

facts! {
    OrderPlaced => Pending,
    OrderStockReserved => StockReserved,
    OrderPaid => Paid,
    OrderShipped => Shipped,
    OrderDelivered => Delivered,
    OrderRejected => Rejected,
    OrderCancelled => Cancelled,
}

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

impl queue::Handler for TopicRelay {
    type Event = OrderEvent;

    async fn handle(&self, fact: OrderEvent) -> Result<(), HandlerError> {
        let (name, status, detail) = fact.parts();
        let Detail { metadata } = batch::read(detail.get())?;
        let version = metadata.version.to_string();
        let attributes = [("type", name), ("version", &version), ("status", status.as_str())];
        Ok(self.topic.publish(SOURCE, name, &detail, &attributes).await?)
    }
}
