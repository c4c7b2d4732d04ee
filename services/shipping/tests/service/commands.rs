//! Commands from ordering, in any order and any number.

use crate::{CALL_OFF, DELIVER, DISPATCH, ORDER, SHIP, depot, schedule_of, ship_to, with_data};
use serde_json::json;

#[tokio::test]
async fn a_parcel_that_is_asked_for_waits_for_the_carrier() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    let row = depot.row().await.unwrap();
    assert_eq!(row["state"].as_s().unwrap(), "CREATED");
    assert_eq!(row["correlationId"].as_s().unwrap(), "sample-31");
    assert!(format!("{row:?}").contains("1 Harbour Street"));
    assert!(!row.contains_key("expiresAt"), "a shipment with a parcel is not forgotten");
    assert_eq!(depot.schedules().await, [schedule_of("dispatch")]);
}

#[tokio::test]
async fn a_command_that_comes_again_changes_nothing() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    let row = depot.row().await;
    let schedule = depot.schedule(&schedule_of("dispatch")).await.unwrap();
    assert!(depot.ask(SHIP).await);
    // This holds even if the customer was erased in between.
    assert!(depot.ask(&ship_to("Nowhere 1")).await);
    assert_eq!(depot.row().await, row);
    let again = depot.schedule(&schedule_of("dispatch")).await.unwrap();
    assert_eq!(again.schedule_expression(), schedule.schedule_expression());
}

#[tokio::test]
async fn a_parcel_to_where_no_carrier_goes_is_refused_and_its_address_is_not_kept() {
    let erased = with_data(SHIP, |data| {
        data["recipient"] = json!({
            "firstName": "erased", "lastName": "erased", "email": "erased@erased.invalid", "address": "erased",
        });
    });
    for order in [ship_to("1 Harbour Street, Nowhere"), erased] {
        let depot = depot().await;
        assert!(depot.ask(&order).await);
        let row = depot.row().await.unwrap();
        assert_eq!(row["state"].as_s().unwrap(), "REFUSED");
        assert!(!row.contains_key("recipient"));
        assert!(row.contains_key("expiresAt"));
        assert!(depot.schedules().await.is_empty());
        // There is nothing to cancel. A repeated command publishes the rejection again.
        assert!(depot.ask(CALL_OFF).await);
        let asked = depot.row().await.unwrap();
        assert_ne!(asked, row);
        assert_eq!((&asked["state"], &asked["history"]), (&row["state"], &row["history"]));
    }
}

#[tokio::test]
async fn a_parcel_that_is_cancelled_in_time_stays_and_its_address_goes() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    assert!(depot.ask(CALL_OFF).await);
    let row = depot.row().await.unwrap();
    assert_eq!(row["state"].as_s().unwrap(), "CANCELLED");
    assert!(!row.contains_key("recipient"));
    assert_eq!(row["correlationId"].as_s().unwrap(), "sample-31", "of the request that asked for it");
    let days =
        row["expiresAt"].as_n().unwrap().parse::<i64>().unwrap() - domain::Timestamp::now().unix_seconds();
    assert!((29 * 86_400..=30 * 86_400).contains(&days), "{days}");
    // The carrier finds no parcel to fetch.
    assert!(depot.remind(DISPATCH).await);
    assert_eq!(depot.row().await.unwrap(), row);
    // A repeated command publishes the event again.
    assert!(depot.ask(CALL_OFF).await);
    let asked_again = depot.row().await.unwrap();
    assert_ne!(asked_again, row);
    assert_eq!((&asked_again["state"], &asked_again["history"]), (&row["state"], &row["history"]));
    assert_eq!(depot.schedules().await, [schedule_of("dispatch")]);
}

#[tokio::test]
async fn a_parcel_that_is_cancelled_before_it_is_asked_for_never_leaves_and_who_asks_is_told() {
    let depot = depot().await;
    assert!(depot.ask(CALL_OFF).await);
    let stone = depot.row().await.unwrap();
    assert_eq!(stone["state"].as_s().unwrap(), "CANCELLED");
    assert_eq!(stone["correlationId"].as_s().unwrap(), "sample-32");
    assert!(stone.contains_key("expiresAt"));
    assert!(depot.ask(SHIP).await);
    let row = depot.row().await.unwrap();
    // The stream publishes each change of the row.
    assert_ne!(row, stone);
    assert_eq!((&row["state"], &row["history"]), (&stone["state"], &stone["history"]));
    assert!(!row.contains_key("recipient"));
    assert!(depot.schedules().await.is_empty());
}

#[tokio::test]
async fn a_parcel_that_has_left_cannot_be_cancelled_and_who_asks_is_told() {
    let depot = depot().await;
    assert!(depot.ask(SHIP).await);
    for (reminder, state) in [(DISPATCH, "DISPATCHED"), (DELIVER, "DELIVERED")] {
        assert!(depot.remind(reminder).await);
        let row = depot.row().await.unwrap();
        assert!(depot.ask(SHIP).await);
        assert_eq!(depot.row().await.unwrap(), row, "{state}");
        assert!(depot.ask(CALL_OFF).await);
        let asked = depot.row().await.unwrap();
        assert_ne!(asked, row, "the stream has each change of the row");
        assert_eq!(asked["history"], row["history"], "{state}");
        assert_eq!(depot.state().await.as_deref(), Some(state));
    }
}

#[tokio::test]
async fn unreadable_commands_are_never_acknowledged() {
    let depot = depot().await;
    assert!(!depot.ask(&with_data(SHIP, |data| data["units"][0]["quantity"] = json!(0))).await);
    assert!(!depot.ask(&with_data(SHIP, |data| data["orderId"] = json!("1"))).await);
    assert!(!depot.ask(&SHIP.replace("ShipOrder", "SellOrder")).await);
    assert!(!depot.ask(DISPATCH).await, "the carrier's events are no commands");
    assert_eq!(depot.row().await, None, "{ORDER}");
}
