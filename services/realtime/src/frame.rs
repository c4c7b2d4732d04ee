//! The frames that clients receive. Each has a `type`; lambdakit defines the frames of problems.

use domain::order::{OrderStatus, Reason};
use domain::{CustomerId, OrderId, Timestamp, UserName};
use serde::Serialize;

use crate::store::{Author, Message, OrderProgress};

/// A frame that a client receives. Some contain chat messages, so there is no `Debug`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Frame<'a> {
    /// The client is subscribed to this order. Contains the order's progress, if it is known.
    Subscribed {
        /// The order.
        #[serde(rename = "orderId")]
        order_id: OrderId,
        /// The order's progress.
        #[serde(flatten)]
        progress: Option<OrderProgress>,
    },
    /// An order has a new status.
    #[serde(rename_all = "camelCase")]
    OrderStatus {
        /// The order.
        order_id: OrderId,
        /// The status.
        status: OrderStatus,
        /// Why, if it was rejected or cancelled.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// When the order reached the status.
        at: Timestamp,
    },
    /// The client's message is stored.
    #[serde(rename_all = "camelCase")]
    MessageSent {
        /// The customer whose chat it is.
        customer_id: CustomerId,
        /// Its number.
        seq: u64,
        /// When it was accepted.
        at: Timestamp,
    },
    /// A message was added to a chat.
    #[serde(rename_all = "camelCase")]
    Message {
        /// The customer whose chat it is.
        customer_id: CustomerId,
        /// The message.
        #[serde(flatten)]
        line: Line<'a>,
    },
    /// A page of a chat.
    #[serde(rename_all = "camelCase")]
    Messages {
        /// The customer whose chat it is.
        customer_id: CustomerId,
        /// The messages, oldest first.
        items: Vec<Line<'a>>,
        /// If there are older messages: the number to go on before.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
    },
}

/// A message as clients see it.
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
    /// An order's new status.
    #[must_use]
    pub fn of(order_id: OrderId, progress: OrderProgress) -> Self {
        let OrderProgress { status, reason, at } = progress;
        Self::OrderStatus { order_id, status, reason, at }
    }
}
