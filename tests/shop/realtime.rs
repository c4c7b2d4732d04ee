//! The WebSocket API of the deployed shop, tested as a client.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use shop_tests::{Shop, eventually};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// A connection of a customer.
struct Socket(WebSocket<MaybeTlsStream<TcpStream>>);

impl Socket {
    fn of(customer: &Shop) -> Self {
        let endpoint = customer.output("/endpoint").replacen("http", "ws", 1);
        let (api, stage) = (customer.output("/webSocketApiId"), customer.output("/stage"));
        let url = format!("{endpoint}/_aws/execute-api/{api}/{stage}?token={}", customer.token());
        let (socket, _) = tungstenite::connect(url).unwrap();
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        }
        Self(socket)
    }

    /// Sends a frame and returns the next one.
    fn ask(&mut self, frame: &Value) -> Value {
        self.0.send(Message::text(frame.to_string())).unwrap();
        serde_json::from_str(self.0.read().unwrap().to_text().unwrap()).unwrap()
    }
}

#[test]
fn chats_are_exported_before_a_customer_leaves() {
    let customer = Shop::new().customer();
    let sent = Socket::of(&customer).ask(&json!({ "action": "sendMessage", "text": "hello" }));
    assert_eq!(sent["type"], "messageSent", "{sent}");
    let export = eventually("the export", || {
        let export = customer.get("/me/export");
        (export.status != 202).then_some(export)
    });
    assert_eq!(export.expect(200).body["data"]["realtime"][0]["text"], "hello");
    customer.send("DELETE", "/me", &[], "").expect(202);
    eventually("an account that is gone", || (!customer.has_account()).then_some(()));
}

#[test]
fn reserved_route_keys_cannot_be_selected_by_frames() {
    let customer = Shop::new().customer();
    let mut socket = Socket::of(&customer);
    let mut ask = |action: &str| socket.ask(&json!({ "action": action }));
    for action in ["$connect", "$disconnect"] {
        let answer = ask(action);
        assert_eq!(
            (&answer["type"], &answer["status"]),
            (&json!("problem"), &json!(400)),
            "{action}: {answer}"
        );
        assert_eq!(answer["title"], "Unknown action", "{action}");
    }
    assert_eq!(ask("readMessages")["type"], "messages", "the connection is still known");
    // These frames count against the rate limit like any other.
    let statuses: Vec<_> = (0..30).map(|_| ask("$disconnect")["status"].clone()).collect();
    assert!(statuses.contains(&json!(429)), "{statuses:?}");
}
