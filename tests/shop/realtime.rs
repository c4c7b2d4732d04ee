//! The WebSocket API of the deployed shop, tested as a client.

use std::time::Duration;

use serde_json::{Value, json};
use shop_tests::Shop;
use tungstenite::Message;
use tungstenite::stream::MaybeTlsStream;

#[test]
fn reserved_route_keys_cannot_be_selected_by_frames() {
    let customer = Shop::new().customer();
    let endpoint = customer.output("/endpoint").replacen("http", "ws", 1);
    let (api, stage) = (customer.output("/webSocketApiId"), customer.output("/stage"));
    let url = format!("{endpoint}/_aws/execute-api/{api}/{stage}?token={}", customer.token());
    let (mut socket, _) = tungstenite::connect(url).unwrap();
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    }
    let mut ask = |action: &str| -> Value {
        socket.send(Message::text(json!({ "action": action }).to_string())).unwrap();
        serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap()
    };
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
