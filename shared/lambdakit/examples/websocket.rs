//! A WebSocket API that echoes each message.
//!
//! `cargo lambda watch --example websocket --features websocket`; API Gateway invokes it for the
//! routes `$connect`, `$default` and `$disconnect`.

use lambdakit::websocket::{self, ConnectionEvent, Handler, WebSocketEvent};
use lambdakit::{ConfigError, Problem};

struct Echo;

impl Handler for Echo {
    async fn handle(&self, event: ConnectionEvent) -> Result<Option<String>, Problem> {
        match event.event {
            WebSocketEvent::Message(text) if text.is_empty() => {
                Err(Problem::bad_request("The message is empty."))
            }
            WebSocketEvent::Message(text) => Ok(Some(text)),
            WebSocketEvent::Connected(_) | WebSocketEvent::Disconnected => Ok(None),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    websocket::run(async || Ok::<_, ConfigError>(Echo)).await
}
