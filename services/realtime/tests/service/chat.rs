//! Chat messages between customers and staff.

use futures::future::join_all;
use serde_json::{Value, json};

use testkit::customer_id;

use crate::{live, send};

fn read() -> Value {
    json!({ "action": "readMessages" })
}

fn texts(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_message_reaches_all_other_connections_of_the_customer_and_of_the_staff() {
    let live = live().await;
    for (id, user) in [("1", "grace"), ("2", "grace"), ("3", "ada"), ("4", "swn")] {
        live.connect(id, user).await;
    }
    let answer = live.say("1", send("Where is my lamp?\n🪔")).await;
    assert_eq!(
        (&answer["type"], &answer["customerId"], &answer["seq"]),
        (&json!("messageSent"), &json!(customer_id("grace")), &json!(1))
    );
    let expected = json!({
        "type": "message", "customerId": customer_id("grace"), "seq": 1, "from": "CUSTOMER",
        "userName": "grace",
        "text": "Where is my lamp?\n🪔", "at": answer["at"],
    });
    for (id, count) in [("1", 0), ("2", 1), ("3", 1), ("4", 0)] {
        assert_eq!(live.switchboard.frames(id), vec![expected.clone(); count], "{id}");
    }
    let reply = json!({ "action": "sendMessage", "customerId": customer_id("grace"), "text": "On its way." });
    assert_eq!(live.say("3", reply).await["seq"], 2);
    assert_eq!(live.switchboard.frames("1")[0]["from"], "STAFF");
    let page = live.say("2", read()).await;
    assert_eq!(texts(&page), ["Where is my lamp?\n🪔", "On its way."]);
    assert!(page.get("before").is_none());
}

#[tokio::test]
async fn customers_see_their_own_chat_alone_and_staff_say_whose_they_mean() {
    let live = live().await;
    live.connect("1", "grace").await;
    live.connect("2", "swn").await;
    live.connect("3", "ada").await;
    live.say("1", send("hello")).await;
    for frame in [
        json!({ "action": "readMessages", "customerId": customer_id("grace") }),
        json!({ "action": "sendMessage", "customerId": customer_id("grace"), "text": "boo" }),
    ] {
        let answer = live.say("2", frame).await;
        assert_eq!(
            (&answer["status"], &answer["detail"]),
            (&json!(404), &json!("There is no such customer."))
        );
    }
    let own = json!({ "action": "readMessages", "customerId": customer_id("grace") });
    assert_eq!(texts(&live.say("1", &own).await), ["hello"]);
    assert_eq!(texts(&live.say("3", &own).await), ["hello"]);
    for frame in [read(), send("who?")] {
        assert_eq!(live.say("3", frame).await["status"], 422);
    }
    assert!(texts(&live.say("2", read()).await).is_empty());
}

#[tokio::test]
async fn messages_sent_at_once_stand_one_behind_the_other() {
    let live = live().await;
    for id in ["1", "2", "3"] {
        live.connect(id, "grace").await;
    }
    let names: Vec<_> = (0..30).map(|number| (format!("{}", 1 + number % 3), format!("m{number}"))).collect();
    let live = &live;
    let sent =
        join_all(names.iter().map(|(id, text)| async move { (text, live.say(id, send(text)).await) })).await;
    let mut by_seq: Vec<_> =
        sent.iter().map(|(text, answer)| (answer["seq"].as_u64().unwrap(), *text)).collect();
    by_seq.sort_unstable();
    assert_eq!(by_seq.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    let (later, earlier) = {
        let later = live.say("1", read()).await;
        let before = json!({ "action": "readMessages", "before": later["before"] });
        let earlier = live.say("2", before).await;
        (later, earlier)
    };
    assert!(earlier.get("before").is_none() || earlier["before"] == 1, "{earlier}");
    let read: Vec<_> = texts(&earlier).into_iter().chain(texts(&later)).collect();
    assert_eq!(read, by_seq.iter().map(|(_, text)| *text).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_fullest_page_fits_into_what_api_gateway_sends_at_once() {
    let live = live().await;
    live.connect("1", "grace").await;
    let widest = "\u{10ffff}".repeat(2000);
    for _ in 0..16 {
        live.chats
            .add(
                customer_id("grace").parse().unwrap(),
                realtime::store::Author::Customer,
                Some("x".repeat(128).parse().unwrap()),
                widest.parse().unwrap(),
            )
            .await
            .unwrap()
            .unwrap();
    }
    let page = live.say("1", read()).await;
    assert_eq!((texts(&page).len(), &page["before"]), (15, &json!(2)));
    assert!(page.to_string().len() < lambdakit::websocket::MAX_BYTES, "{}", page.to_string().len());
}

#[tokio::test]
async fn a_message_is_kept_whoever_cannot_be_reached() {
    let live = live().await;
    for (id, user) in [("1", "grace"), ("2", "grace"), ("3", "ada")] {
        live.connect(id, user).await;
    }
    live.switchboard.lose("2");
    live.switchboard.stick("3", true);
    assert_eq!(live.say("1", send("hello")).await["type"], "messageSent");
    assert_eq!(texts(&live.say("1", read()).await), ["hello"]);
}
