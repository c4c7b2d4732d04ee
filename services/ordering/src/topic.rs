//! What an order comes to, told once more on a topic, where every subscriber has a queue and a filter of its own.
//!
//! A fact is passed on as it came, with what is in it that nobody here knows. What subscribers choose by stands beside it, as
//! attributes: `type`, the `version` of its schema, and the `status` that the order has come to.

use domain::order::OrderStatus;
use lambdakit::batch::{self, HandlerError};
use lambdakit::queue;
use lambdakit::topic::Topic;
use serde::Deserialize;
use serde_json::value::RawValue;

const SOURCE: &str = "shop.ordering";

/// Says which facts are passed on, and which status each of them tells of.
macro_rules! facts {
    ($($name:ident => $status:ident,)*) => {
        /// A fact of an order, unread.
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

/// As much of a fact as subscribers choose by.
#[derive(Deserialize)]
struct Detail {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u32,
}

/// Passes facts on.
#[derive(Clone, Debug)]
pub struct TopicRelay {
    topic: Topic,
}

impl TopicRelay {
    /// Passes them on to this topic.
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
