//! Handler of client messages: order subscriptions and chat.

use axum::http::StatusCode;
use domain::{CustomerId, OrderId, Timestamp};
use lambdakit::websocket::{ConnectionEvent, Handler, WebSocketEvent, frame};
use lambdakit::{Problem, telemetry};
use shopkit::tombstone::CustomerErased;

use crate::frame::{Frame, Line};
use crate::push::Pusher;
use crate::request::{ChatText, Request};
use crate::store::{Author, ChatPage, ChatStore, Connection, ConnectionStore, Followed, Peer, RateLimit};

/// An order younger than this may not have reached this service yet. Its id contains its creation
/// time.
const YOUNG_MILLIS: u64 = 10 * 60 * 1000;

/// Answers client messages.
#[derive(Clone, Debug)]
pub struct MessageHandler {
    connections: ConnectionStore,
    chats: ChatStore,
    pusher: Pusher,
}

impl MessageHandler {
    /// Answers on these connections, with these chats.
    #[must_use]
    pub fn new(connections: ConnectionStore, chats: ChatStore, pusher: Pusher) -> Self {
        Self { connections, chats, pusher }
    }

    /// Counts a message and returns its connection; `None` if the connection was closed instead.
    async fn speaker(&self, id: &str) -> Result<Option<Connection>, Problem> {
        let refusal = match self.connections.count_frame(id).await? {
            RateLimit::Fine(connection) => return Ok(Some(connection)),
            RateLimit::TooFast => return Err(too_fast("Wait a moment before you go on.")),
            RateLimit::MuchTooFast => too_fast("You did not wait: the connection ends."),
            RateLimit::Unknown => signed_out(),
        };
        // A returned answer would be sent after the connection is closed.
        self.pusher.end(id, &refusal.into_frame()).await?;
        Ok(None)
    }

    /// An unknown order may belong to another customer, not exist, or not have reached this service
    /// yet. The answer depends on its age alone, so it reveals nothing about other customers'
    /// orders.
    async fn subscribe(&self, who: &Connection, order_id: OrderId) -> Result<String, Problem> {
        let is_young = Timestamp::now().unix_millis().abs_diff(order_id.date().unix_millis()) < YOUNG_MILLIS;
        if !is_young && self.connections.progress(who.customer.id, order_id).await?.is_none() {
            return Err(Problem::not_found("There is no such order."));
        }
        match self.connections.follow(who, order_id).await? {
            Followed::Done => {}
            Followed::Unknown => return Err(signed_out()),
            Followed::TooMany => {
                return Err(Problem::new(
                    StatusCode::CONFLICT,
                    "too-many-orders",
                    "Too many orders",
                    "A connection follows 20 orders at most: open another one.",
                ));
            }
        }
        // Read after the subscription, so that a concurrent update is either read here or pushed.
        let progress = self.connections.progress(who.customer.id, order_id).await?;
        frame(&Frame::Subscribed { order_id, progress })
    }

    async fn send(
        &self,
        who: &Connection,
        text: ChatText,
        customer_id: Option<CustomerId>,
    ) -> Result<String, Problem> {
        let customer_id = chat_of(who, customer_id)?;
        let (author, user_name) = if who.is_staff {
            (Author::Staff, None)
        } else {
            (Author::Customer, Some(who.customer.user_name.clone()))
        };
        let message = self.chats.add(customer_id, author, user_name, text).await?;
        let message = message.map_err(|CustomerErased| {
            if customer_id == who.customer.id { signed_out() } else { no_such_customer() }
        })?;
        // Read after the message is stored, so that a client that connects meanwhile reads it or
        // gets it pushed.
        let peers = self.listeners(customer_id, &who.id).await;
        let pushed = frame(&Frame::Message { customer_id, line: Line::from(&message) })?;
        // The message is stored, so a client that misses the push can read it later.
        let pushed_to_all = match peers {
            Ok(peers) => self.pusher.push(&peers, &pushed).await.1,
            Err(error) => Err(error),
        };
        if let Err(error) = pushed_to_all {
            telemetry::field("pushError", &error.to_string());
        }
        telemetry::count("chatMessages", 1);
        frame(&Frame::MessageSent { customer_id, seq: message.seq, at: message.at })
    }

    /// All connections of the customer and of the staff, except the sender's.
    async fn listeners(
        &self,
        customer_id: CustomerId,
        speaker: &str,
    ) -> Result<Vec<Peer>, lambdakit::AwsError> {
        let (mut peers, staff) = tokio::try_join!(
            self.connections.connections_of(customer_id),
            self.connections.connections_of_staff()
        )?;
        // Staff can be customers, too.
        let others: Vec<_> = staff.into_iter().filter(|peer| !peers.contains(peer)).collect();
        peers.extend(others);
        peers.retain(|peer| peer.id != speaker);
        Ok(peers)
    }

    async fn read(
        &self,
        who: &Connection,
        customer_id: Option<CustomerId>,
        before: Option<u64>,
    ) -> Result<String, Problem> {
        let customer_id = chat_of(who, customer_id)?;
        let ChatPage { messages, next } = self.chats.latest(customer_id, before).await?;
        let items = messages.iter().map(Line::from).collect();
        frame(&Frame::Messages { customer_id, items, before: next })
    }
}

/// The chat that a caller may access: any for staff, their own for customers.
fn chat_of(who: &Connection, named: Option<CustomerId>) -> Result<CustomerId, Problem> {
    match named {
        Some(customer_id) if who.is_staff || customer_id == who.customer.id => Ok(customer_id),
        Some(_) => Err(no_such_customer()),
        None if who.is_staff => Err(Problem::invalid_field("customerId", "is required: say which customer")),
        None => Ok(who.customer.id),
    }
}

fn no_such_customer() -> Problem {
    Problem::not_found("There is no such customer.")
}

pub(crate) fn too_fast(detail: &str) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail)
}

pub(crate) fn signed_out() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Unauthorized",
        "Your sign-in has ended: connect with a new token.",
    )
}

impl Handler for MessageHandler {
    async fn handle(&self, event: ConnectionEvent) -> Result<Option<String>, Problem> {
        let WebSocketEvent::Message(text) = event.event else {
            return Err(Problem::internal("connects and disconnects go to another function"));
        };
        // Invalid messages are counted, too. Each step is boxed: together the SDK's futures are too
        // large for a stack.
        let Some(who) = Box::pin(self.speaker(&event.connection_id)).await? else { return Ok(None) };
        let answer = match Request::parse(&text)? {
            Request::SubscribeOrder { order_id } => Box::pin(self.subscribe(&who, order_id)).await,
            Request::SendMessage { text, customer_id } => Box::pin(self.send(&who, text, customer_id)).await,
            Request::ReadMessages { customer_id, before } => {
                Box::pin(self.read(&who, customer_id, before)).await
            }
        };
        answer.map(Some)
    }
}
