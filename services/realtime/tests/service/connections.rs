//! Connecting and disconnecting clients.

use serde_json::json;
use testkit::customer_id;
use testkit::events::{websocket_connect, websocket_disconnect};

use crate::{Live, live, old_order, subscribe, young_order};

#[tokio::test]
async fn a_closed_connection_leaves_only_order_progress() {
    let live = live().await;
    let orders = [young_order(), young_order()];
    live.connect("1", "grace").await;
    live.connect("2", "ada").await;
    assert!(live.handle("OrderPlaced", "grace", orders[0]).await);
    for order in orders {
        assert_eq!(live.say("1", subscribe(order)).await["type"], "subscribed");
    }
    assert_eq!(live.rows().await.len(), 2 + 3 + 1 + 2);
    for id in ["1", "2", "1"] {
        let answer = Live::happen(&live.comings, websocket_disconnect(id)).await;
        assert_eq!((answer.status_code, answer.body), (200, None));
    }
    assert_eq!(live.rows().await, [format!("customer#{} / order#{}", customer_id("grace"), orders[0])]);
}

#[tokio::test]
async fn incomplete_authorizer_contexts_are_refused() {
    let (live, id) = (live().await, customer_id("grace"));
    for found in [
        json!({}),
        json!({ "subject": id, "userName": "grace", "groups": "" }),
        json!({ "userName": "grace", "groups": "", "expiresAt": "9999999999" }),
        json!({ "subject": "grace", "userName": "grace", "groups": "", "expiresAt": "9999999999" }),
        json!({ "subject": id, "userName": "erased", "groups": "", "expiresAt": "9999999999" }),
        json!({ "subject": id, "userName": "no body", "groups": "", "expiresAt": "9999999999" }),
        json!({ "subject": id, "userName": "grace", "groups": "", "expiresAt": "later" }),
    ] {
        let answer = Live::happen(&live.comings, websocket_connect("1", &found)).await;
        assert_eq!(answer.status_code, 401, "{found}");
    }
    assert!(live.rows().await.is_empty());
}

#[tokio::test]
async fn a_connection_is_good_for_as_long_as_its_token() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    assert_eq!(live.say("1", subscribe(order)).await["type"], "subscribed");
    live.expire("1", "grace", order).await;
    let answer = live.say("1", subscribe(old_order())).await;
    assert_eq!((&answer["type"], &answer["status"]), (&json!("problem"), &json!(401)));
    assert_eq!(live.switchboard.closed(), ["1"]);
    assert!(live.handle("OrderPlaced", "grace", order).await);
    assert_eq!(live.switchboard.frames("1"), [answer], "the end is the last frame");
}

#[tokio::test]
async fn a_connection_that_nobody_knows_is_ended() {
    let live = live().await;
    let answer = live.say("7", subscribe(young_order())).await;
    assert_eq!(answer["status"], 401);
    assert_eq!(live.switchboard.closed(), ["7"]);
    assert!(live.rows().await.is_empty());
}
