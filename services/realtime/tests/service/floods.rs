//! Clients that send too many frames.

use futures::future::join_all;
use serde_json::{Value, json};
use testkit::events::websocket_message;

use crate::{Live, live};

const READ: &str = r#"{"action": "readMessages"}"#;

fn statuses(answers: &[Value]) -> (usize, usize) {
    let fine = answers.iter().filter(|answer| answer["type"] == "messages").count();
    let refused = answers.iter().filter(|answer| answer["status"] == 429).count();
    assert_eq!(fine + refused, answers.len(), "{answers:?}");
    (fine, refused)
}

#[tokio::test]
async fn flooding_clients_are_refused_and_then_disconnected() {
    let live = live().await;
    live.connect("1", "grace").await;
    live.connect("2", "swn").await;
    let mut answers = Vec::new();
    for _ in 0..60 {
        answers.push(live.say("1", READ).await);
        if !live.switchboard.closed().is_empty() {
            break;
        }
    }
    let (fine, refused) = statuses(&answers);
    // Slow answers refill the rate limit, so some more are accepted.
    assert!((20..30).contains(&fine), "{fine}");
    assert!((20..30).contains(&refused), "{refused}");
    assert_eq!(answers.last().unwrap()["detail"], "You did not wait: the connection ends.");
    assert_eq!(live.switchboard.closed(), ["1"]);
    assert_eq!(live.say("2", READ).await["type"], "messages");
}

#[tokio::test]
async fn frames_that_come_at_once_are_counted_one_by_one() {
    let live = live().await;
    live.connect("1", "grace").await;
    let (fine, refused) = statuses(&join_all((0..30).map(|_| live.say("1", READ))).await);
    assert!((20..26).contains(&fine), "{fine} and {refused}");
    assert!(live.switchboard.closed().is_empty());
}

#[tokio::test]
async fn clients_that_wait_are_answered_again() {
    let live = live().await;
    live.connect("1", "grace").await;
    join_all((0..25).map(|_| live.say("1", READ))).await;
    assert_eq!(live.say("1", "nonsense").await["status"], 429, "nonsense is counted, too");
    live.pause("1", 30).await;
    assert_eq!(live.say("1", READ).await["type"], "messages", "{}", json!(live.rows().await));
}

/// Reserved route keys are ordinary content.
#[tokio::test]
async fn frames_that_name_reserved_routes_are_refused_and_counted() {
    let live = live().await;
    live.connect("1", "grace").await;
    let mut statuses = Vec::new();
    for action in ["$connect", "$disconnect", "$default"].into_iter().cycle().take(24) {
        statuses.push(live.say("1", json!({ "action": action })).await["status"].clone());
    }
    assert_eq!(statuses.first(), Some(&json!(400)));
    assert_eq!(statuses.last(), Some(&json!(429)));
}

#[tokio::test]
async fn messages_that_reach_the_function_of_connections_are_refused_and_counted() {
    let live = live().await;
    live.connect("1", "grace").await;
    let rows = live.rows().await;
    let mut statuses = Vec::new();
    for id in (0..24).map(|_| "1").chain(["7"]) {
        let mut said = websocket_message(id, r#"{"action":"$disconnect"}"#);
        said["requestContext"]["routeKey"] = json!("$disconnect");
        let answer = Live::happen(&live.comings, said).await;
        assert_eq!(answer.status_code, 200);
        let frame: Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
        assert_eq!(frame["type"], "problem");
        statuses.push(frame["status"].as_u64().unwrap());
    }
    let unknown = statuses.pop();
    assert_eq!((statuses[0], statuses.pop(), unknown), (400, Some(429), Some(401)));
    assert_eq!(live.rows().await, rows, "nobody has come or gone");
    assert_eq!(live.say("1", READ).await["status"], 429, "both functions count together");
}
