//! The tables of this service, one struct each. No other module uses DynamoDB.

mod chats;
mod connections;

pub use chats::{Author, ChatPage, ChatStore, Message};
pub use connections::{Connection, ConnectionStore, Followed, Followers, OrderProgress, Peer, RateLimit};
