//! Frames of clients, and their answers.

use serde_json::{Value, json};

use crate::{live, old_order, send, subscribe, young_order};

#[tokio::test]
async fn invalid_frames_are_answered_with_what_is_wrong() {
    let live = live().await;
    live.connect("1", "grace").await;
    for (frame, status, detail) in [
        ("hello".to_owned(), 400, "The body is not JSON"),
        ("[1]".to_owned(), 400, "must be a JSON object"),
        (json!({ "action": "dance" }).to_string(), 400, "`action` must be"),
        (json!({ "action": "subscribeOrder", "orderId": 7 }).to_string(), 422, "fields are wrong"),
        (send(&"x".repeat(2001)).to_string(), 422, "fields are wrong"),
        (send(&"x".repeat(40_000)).to_string(), 413, "32768 bytes"),
    ] {
        let answer = live.say("1", &frame).await;
        assert_eq!(answer["type"], "problem", "{answer}");
        assert_eq!(answer["status"], status, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(detail), "{answer}");
        assert!(answer["title"].as_str().is_some_and(|title| !title.is_empty()), "{answer}");
    }
    let answer = live.say("1", send(&"x".repeat(2001))).await;
    assert_eq!(answer["errors"][0]["field"], "text");
    assert!(live.switchboard.closed().is_empty());
}

#[tokio::test]
async fn a_customer_who_follows_an_order_is_told_where_it_stands() {
    let live = live().await;
    let order = old_order();
    live.connect("1", "grace").await;
    assert!(live.tell_at("OrderPaid", "grace", order, "2026-01-31T12:03:00.000Z").await);
    let expected = json!({
        "type": "subscribed", "orderId": order, "status": "PAID", "at": "2026-01-31T12:03:00.000Z",
    });
    assert_eq!(live.say("1", subscribe(order)).await, expected);
}

#[tokio::test]
async fn an_order_that_was_not_heard_of_yet_is_followed_all_the_same() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    assert_eq!(live.say("1", subscribe(order)).await, json!({ "type": "subscribed", "orderId": order }));
    assert!(live.handle("OrderPlaced", "grace", order).await);
    assert_eq!(live.switchboard.frames("1")[0]["status"], "PENDING");
}

#[tokio::test]
async fn other_customers_orders_answer_as_missing_ones() {
    let live = live().await;
    live.connect("1", "grace").await;
    live.connect("2", "ada").await;
    for (theirs, none) in [(old_order(), old_order()), (young_order(), young_order())] {
        assert!(live.handle("OrderPlaced", "swn", theirs).await);
        let without_ids = |mut answer: Value| {
            answer["orderId"] = Value::Null;
            answer["requestId"] = Value::Null;
            answer
        };
        for id in ["1", "2"] {
            let about_theirs = without_ids(live.say(id, subscribe(theirs)).await);
            assert_eq!(about_theirs, without_ids(live.say(id, subscribe(none)).await));
            let refused = about_theirs["detail"] == "There is no such order.";
            assert!(refused || about_theirs["type"] == "subscribed", "{about_theirs}");
        }
        assert!(live.handle("OrderPaid", "swn", theirs).await);
    }
    assert!(live.switchboard.frames("1").is_empty() && live.switchboard.frames("2").is_empty());
}

#[tokio::test]
async fn a_connection_follows_twenty_orders_and_the_same_one_as_often_as_it_likes() {
    let live = live().await;
    live.connect("1", "grace").await;
    let orders: Vec<_> = (0..20).map(|_| young_order()).collect();
    for order in &orders {
        assert_eq!(
            live.connections.follow(&connection("1"), *order).await.unwrap(),
            realtime::store::Followed::Done
        );
    }
    assert_eq!(live.say("1", subscribe(young_order())).await["status"], 409);
    assert_eq!(live.say("1", subscribe(orders[7])).await["type"], "subscribed");
    // All rows can still be removed at once.
    live.connections.remove("1").await.unwrap();
    assert!(live.rows().await.is_empty());
}

fn connection(id: &str) -> realtime::store::Connection {
    let customer = domain::customer::Customer {
        id: testkit::customer_id("grace").parse().unwrap(),
        user_name: "grace".parse().unwrap(),
    };
    realtime::store::Connection { id: id.to_owned(), customer, is_staff: false, expires_at: 9_999_999_999 }
}
