//! A parcel that is cancelled while the carrier fetches it is either shipped or cancelled.

use futures::future::join_all;
use futures::join;

use crate::{CALL_OFF, DISPATCH, SHIP, depot, schedule_of};

#[tokio::test]
async fn of_a_cancellation_and_a_dispatch_at_the_same_time_one_wins() {
    for round in 0..10 {
        let depot = depot().await;
        assert!(depot.ask(SHIP).await);
        let (cancelled, dispatched) = if round % 2 == 0 {
            join!(depot.ask(CALL_OFF), depot.remind(DISPATCH))
        } else {
            let (dispatched, cancelled) = join!(depot.remind(DISPATCH), depot.ask(CALL_OFF));
            (cancelled, dispatched)
        };
        assert!(cancelled && dispatched, "who comes second has nothing to do");
        let row = depot.row().await.unwrap();
        assert_eq!(row["history"].as_l().unwrap().len(), 2, "created, and one more");
        assert!(!row.contains_key("recipient"));
        let arrives = depot.schedule(&schedule_of("deliver")).await.is_some();
        match row["state"].as_s().unwrap().as_str() {
            "DISPATCHED" => assert!(arrives),
            "CANCELLED" => assert!(!arrives),
            other => unreachable!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_command_to_ship_and_one_to_cancellation_at_the_same_time_end_cancelled() {
    for _ in 0..10 {
        let depot = depot().await;
        assert_eq!(join!(depot.ask(SHIP), depot.ask(CALL_OFF)), (true, true));
        assert_eq!(depot.state().await.as_deref(), Some("CANCELLED"));
        assert!(!depot.row().await.unwrap().contains_key("recipient"));
        assert!(depot.remind(DISPATCH).await);
        assert_eq!(depot.state().await.as_deref(), Some("CANCELLED"));
    }
}

#[tokio::test]
async fn ten_copies_of_a_command_ask_for_one_parcel() {
    let depot = depot().await;
    let copies = join_all((0..10).map(|_| depot.ask(SHIP))).await;
    assert!(copies.iter().all(|done| *done));
    assert_eq!(depot.row().await.unwrap()["history"].as_l().unwrap().len(), 1);
    assert_eq!(depot.schedules().await, [schedule_of("dispatch")]);
    let reminders = join_all((0..10).map(|_| depot.remind(DISPATCH))).await;
    assert!(reminders.iter().all(|done| *done));
    assert_eq!(depot.row().await.unwrap()["history"].as_l().unwrap().len(), 2);
}
