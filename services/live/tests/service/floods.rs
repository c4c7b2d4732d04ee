//! Clients that say more than anybody can mean.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::live;

const READ: &str = r#"{"action": "readMessages"}"#;

fn statuses(answers: &[Value]) -> (usize, usize) {
    let fine = answers.iter().filter(|answer| answer["type"] == "messages").count();
    let refused = answers.iter().filter(|answer| answer["status"] == 429).count();
    assert_eq!(fine + refused, answers.len(), "{answers:?}");
    (fine, refused)
}

#[tokio::test]
async fn who_says_too_much_is_refused_and_who_goes_on_is_cut_off() {
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
    // What takes a while gives time for some more.
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
async fn who_waits_is_listened_to_again() {
    let live = live().await;
    live.connect("1", "grace").await;
    join_all((0..25).map(|_| live.say("1", READ))).await;
    assert_eq!(live.say("1", "nonsense").await["status"], 429, "nonsense is counted, too");
    live.pause("1", 30).await;
    assert_eq!(live.say("1", READ).await["type"], "messages", "{}", json!(live.rows().await));
}
