//! Shipments when calls to AWS fail. Each test is a row of `docs/reliability.md`.

use testkit::faults::{Fault, Rule, UNTIL_RELEASED};

use crate::{CALL_OFF, DELIVER, DISPATCH, SHIP, faulty_depot, schedule_of};

const CREATE_SCHEDULE: &str = "POST /schedules";

#[tokio::test]
async fn a_command_whose_write_fails_comes_again() {
    for fault in
        [Fault::Refuse, Fault::ServerError, Fault::Throttle, Fault::CapacityExceeded, Fault::Conflict]
    {
        let (depot, faults) = faulty_depot().await;
        for (sample, operation) in [(SHIP, "PutItem"), (CALL_OFF, "UpdateItem")] {
            faults.add(Rule::new(fault).on(operation));
            let before = depot.row().await;
            assert!(!depot.ask(sample).await, "{fault:?}");
            assert_eq!(depot.row().await, before);
            faults.clear();
            assert!(depot.ask(sample).await, "{fault:?}");
            assert_ne!(depot.row().await, before);
        }
    }
}

#[tokio::test]
async fn a_parcel_whose_schedule_cannot_be_made_is_asked_for_again() {
    for fault in [Fault::Refuse, Fault::ServerError, Fault::Throttle] {
        let (depot, faults) = faulty_depot().await;
        faults.add(Rule::new(fault).on(CREATE_SCHEDULE));
        assert!(!depot.ask(SHIP).await, "nobody would fetch it");
        assert!(depot.schedules().await.is_empty());
        let row = depot.row().await;
        faults.clear();
        assert!(depot.ask(SHIP).await);
        assert_eq!(depot.row().await, row);
        assert_eq!(depot.schedules().await, [schedule_of("dispatch")]);
        // Without the schedule, nothing would deliver the parcel.
        faults.add(Rule::new(fault).on(CREATE_SCHEDULE));
        assert!(!depot.remind(DISPATCH).await);
        assert_eq!(depot.state().await.as_deref(), Some("DISPATCHED"));
        faults.clear();
        assert!(depot.remind(DISPATCH).await);
        assert_eq!(depot.schedules().await, [schedule_of("deliver"), schedule_of("dispatch")]);
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_done_once() {
    let (depot, faults) = faulty_depot().await;
    for operation in ["PutItem", "UpdateItem", CREATE_SCHEDULE] {
        faults.add(Rule::new(Fault::LoseAnswer).on(operation).times(1));
    }
    assert!(depot.ask(SHIP).await);
    for operation in ["UpdateItem", CREATE_SCHEDULE] {
        faults.add(Rule::new(Fault::LoseAnswer).on(operation).times(1));
    }
    assert!(depot.remind(DISPATCH).await);
    faults.add(Rule::new(Fault::LoseAnswer).on("UpdateItem").times(1));
    assert!(depot.remind(DELIVER).await);
    assert_eq!(depot.row().await.unwrap()["history"].as_l().unwrap().len(), 3);
    assert_eq!(depot.schedules().await, [schedule_of("deliver"), schedule_of("dispatch")]);
    assert!(faults.injected().values().sum::<u64>() >= 5, "{:?}", faults.injected());
}

#[tokio::test]
async fn a_cancellation_that_arrives_late_keeps_no_parcel_that_has_left() {
    let (depot, faults) = faulty_depot().await;
    assert!(depot.ask(SHIP).await);
    // The function times out, but the write still takes effect after the parcel has left.
    faults.add(Rule::new(Fault::Delay(UNTIL_RELEASED)).on("UpdateItem"));
    assert!(!depot.ask(CALL_OFF).await);
    faults.clear();
    assert!(depot.remind(DISPATCH).await);
    faults.release_delayed().await;
    assert_eq!(depot.state().await.as_deref(), Some("DISPATCHED"));
}

#[tokio::test]
async fn a_parcel_whose_departure_is_lost_has_left_whoever_calls_it_off_meanwhile() {
    let (depot, faults) = faulty_depot().await;
    assert!(depot.ask(SHIP).await);
    let others = async {
        assert!(depot.ask(CALL_OFF).await);
    };
    assert!(faults.meanwhile("UpdateItem", depot.remind(DISPATCH), others).await);
    assert_eq!(depot.state().await.as_deref(), Some("DISPATCHED"));
    assert_eq!(depot.schedules().await, [schedule_of("deliver"), schedule_of("dispatch")]);
}

#[tokio::test]
async fn a_parcel_whose_calling_off_is_lost_stays_whoever_asks_for_it_meanwhile() {
    let (depot, faults) = faulty_depot().await;
    let others = async {
        assert!(depot.ask(SHIP).await);
    };
    assert!(faults.meanwhile("UpdateItem", depot.ask(CALL_OFF), others).await);
    assert_eq!(depot.state().await.as_deref(), Some("CANCELLED"));
    assert!(depot.schedules().await.is_empty());
}
