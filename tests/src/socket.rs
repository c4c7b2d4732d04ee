//! A client of the WebSocket API.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::Shop;

/// A connection of a customer.
#[derive(Debug)]
pub struct Socket(WebSocket<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects a customer.
    #[must_use]
    pub fn of(customer: &Shop) -> Self {
        let endpoint = customer.output("/endpoint").replacen("http", "ws", 1);
        let (api, stage) = (customer.output("/webSocketApiId"), customer.output("/stage"));
        let url = format!("{endpoint}/_aws/execute-api/{api}/{stage}?token={}", customer.token());
        let (socket, _) = tungstenite::connect(url).expect("a connection");
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(Duration::from_secs(15))).expect("a timeout");
        }
        Self(socket)
    }

    /// Sends a frame and returns the next one.
    pub fn ask(&mut self, frame: &Value) -> Value {
        self.0.send(Message::text(frame.to_string())).expect("a sent frame");
        self.read()
    }

    /// The next frame.
    pub fn read(&mut self) -> Value {
        let frame = self.0.read().expect("a frame");
        serde_json::from_str(frame.to_text().expect("a frame of text")).expect("a frame of JSON")
    }
}
