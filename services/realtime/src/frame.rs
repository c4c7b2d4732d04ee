//! What clients get to hear. Each frame says by its `type` what it is; problems are lambdakit's.

use domain::order::{OrderStatus, Reason};
use domain::{CustomerId, OrderId, Timestamp, UserName};
use serde::Serialize;

use crate::store::{Author, Message, OrderProgress};

/// A frame that a client gets. What people write to each other is in some, so there is no `Debug`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Frame<'a> {
    /// The client will hear of this order. Where it stands by now, if that is known.
    Subscribed {
        /// The order.
        #[serde(rename = "orderId")]
        order_id: OrderId,
        /// Where it stands.
        #[serde(flatten)]
        standing: Option<OrderProgress>,
    },
    /// An order has come to a status.
    #[serde(rename_all = "camelCase")]
    OrderStatus {
        /// The order.
        order_id: OrderId,
        /// The status.
        status: OrderStatus,
        /// Why, if it was rejected or cancelled.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// When it came there.
        at: Timestamp,
    },
    /// A message is in the chat.
    #[serde(rename_all = "camelCase")]
    MessageSent {
        /// Whose chat.
        customer_id: CustomerId,
        /// Its number.
        seq: u64,
        /// When it was taken.
        at: Timestamp,
    },
    /// Somebody has written.
    #[serde(rename_all = "camelCase")]
    Message {
        /// Whose chat.
        customer_id: CustomerId,
        /// What was written.
        #[serde(flatten)]
        line: Line<'a>,
    },
    /// A page of a chat.
    #[serde(rename_all = "camelCase")]
    Messages {
        /// Whose chat.
        customer_id: CustomerId,
        /// The messages, oldest first.
        items: Vec<Line<'a>>,
        /// There are older ones: those before this number.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
    },
}

/// A message as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line<'a> {
    seq: u64,
    from: Author,
    /// The customer's name, if they wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a UserName>,
    text: &'a str,
    at: Timestamp,
}

impl<'a> From<&'a Message> for Line<'a> {
    fn from(message: &'a Message) -> Self {
        let Message { seq, from, at, ref user_name, ref text } = *message;
        Self { seq, from, user_name: user_name.as_ref(), text: text.reveal().as_str(), at }
    }
}

impl Frame<'static> {
    /// An order has come here.
    #[must_use]
    pub fn of(order_id: OrderId, standing: OrderProgress) -> Self {
        let OrderProgress { status, reason, at } = standing;
        Self::OrderStatus { order_id, status, reason, at }
    }
}
