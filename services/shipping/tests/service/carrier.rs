//! The carrier, and the schedules that trigger it.

use std::time::Duration;

use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindowMode};
use domain::Timestamp;
use serde_json::{Value, json};
use testkit::eventually;

use crate::{CALL_OFF, DELIVER, DISPATCH, ORDER, SHIP, depot, depot_at, schedule_of};

#[tokio::test]
async fn a_schedule_is_for_one_step_of_one_parcel_and_goes_when_it_is_done() {
    let depot = depot().await;
    let before = Timestamp::now().unix_seconds();
    assert!(depot.ask(SHIP).await);
    let schedule = depot.schedule(&schedule_of("dispatch")).await.unwrap();
    assert_eq!(schedule.action_after_completion(), Some(&ActionAfterCompletion::Delete));
    assert_eq!(schedule.flexible_time_window().unwrap().mode(), &FlexibleTimeWindowMode::Off);
    let at = schedule.schedule_expression().unwrap().strip_prefix("at(").unwrap().replace(')', "Z");
    let at: Timestamp = serde_json::from_value(json!(at)).unwrap();
    assert!((3600..3660).contains(&(at.unix_seconds() - before)), "{at}");
    let target = schedule.target().unwrap();
    assert_eq!(target.arn(), depot.bus.arn());
    assert!(target.dead_letter_config().unwrap().arn().unwrap().ends_with(":failures"));
    let sample: Value = serde_json::from_str(DISPATCH).unwrap();
    let event = target.event_bridge_parameters().unwrap();
    assert_eq!(event.source(), sample["source"]);
    assert_eq!(event.detail_type(), sample["detail-type"]);
    let input: Value = serde_json::from_str(target.input().unwrap()).unwrap();
    assert_eq!(input, sample["detail"]);
    assert!(!input.to_string().contains("Harbour"), "whom the parcel goes to is nothing a clock needs");
}

#[tokio::test]
async fn a_parcel_leaves_without_its_address_and_arrives() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    assert!(depot.remind(DISPATCH).await);
    let row = depot.row().await.unwrap();
    assert_eq!(row["state"].as_s().unwrap(), "DISPATCHED");
    assert!(!row.contains_key("recipient"), "the label on the parcel has it");
    for personal in ["Grace", "Hopper", "name@example.com", "Harbour"] {
        assert!(!format!("{row:?}").contains(personal), "{personal}");
    }
    assert_eq!(depot.schedules().await, [schedule_of("deliver"), schedule_of("dispatch")]);
    assert!(depot.remind(DELIVER).await);
    let row = depot.row().await.unwrap();
    assert_eq!(row["state"].as_s().unwrap(), "DELIVERED");
    let history = row["history"].as_l().unwrap();
    let states: Vec<_> =
        history.iter().map(|change| change.as_m().unwrap()["state"].as_s().unwrap()).collect();
    assert_eq!(states, ["CREATED", "DISPATCHED", "DELIVERED"]);
    // Redelivered reminders change nothing.
    for reminder in [DISPATCH, DELIVER] {
        assert!(depot.remind(reminder).await);
        assert_eq!(depot.row().await.unwrap(), row);
    }
}

#[tokio::test]
async fn a_parcel_is_not_handed_over_before_it_was_fetched() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    assert!(!depot.remind(DELIVER).await);
    assert_eq!(depot.state().await.as_deref(), Some("CREATED"));
}

#[tokio::test]
async fn a_step_of_no_shipment_is_never_handled() {
    let depot = depot().await;
    for reminder in [DISPATCH, DELIVER] {
        assert!(!depot.remind(reminder).await);
    }
    assert_eq!(depot.row().await, None);
}

#[tokio::test]
async fn schedules_take_a_parcel_all_the_way() {
    let depot = depot_at(Duration::from_secs(1)).await;
    assert!(depot.ask(SHIP).await);
    for state in ["DISPATCHED", "DELIVERED"] {
        let event = depot.bus.next().await;
        assert_eq!(event["source"], "shop.shipping");
        assert!(depot.remind(&event.to_string()).await);
        assert_eq!(depot.state().await.as_deref(), Some(state));
    }
    // Each schedule is deleted after it has published.
    eventually("the end of the schedules", async || depot.schedules().await.is_empty().then_some(())).await;
    // A command that is redelivered after its schedules are gone ships no parcel twice.
    assert!(depot.ask(SHIP).await && depot.ask(CALL_OFF).await);
    assert!(depot.schedules().await.is_empty(), "{ORDER}");
}
