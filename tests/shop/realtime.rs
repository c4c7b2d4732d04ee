//! The WebSocket API of the deployed shop, tested as a client.

use serde_json::json;
use shop_tests::{Shop, Socket, eventually};

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
