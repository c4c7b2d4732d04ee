//! Stock when calls to AWS fail. Each test is a row of `docs/reliability.md`.

use testkit::faults::{Fault, Rule, UNTIL_RELEASED};

use crate::{done, faulty_warehouse, id, refused};

const TRANSACTION: &str = "TransactWriteItems";
const LASTING: [Fault; 5] =
    [Fault::Refuse, Fault::ServerError, Fault::Throttle, Fault::CapacityExceeded, Fault::Conflict];

#[tokio::test]
async fn a_step_that_fails_once_is_tried_again() {
    for fault in LASTING {
        let (shop, faults) = faulty_warehouse().await;
        let (lamp, order) = (shop.product(5).await, id());
        faults.add(Rule::new(fault).on(TRANSACTION).times(1));
        assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, done("RESERVED"), "{fault:?}");
        faults.add(Rule::new(fault).on(TRANSACTION).times(1));
        assert_eq!(shop.ship(&order).await, done("SHIPPED"), "{fault:?}");
        assert_eq!(shop.counts(&lamp).await, [3, 0, 5, 2], "{fault:?}");
        assert_eq!(faults.injected().values().sum::<u64>(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_step_that_keeps_failing_changes_nothing_and_is_worth_another_try() {
    for operation in [TRANSACTION, "GetItem"] {
        for fault in LASTING.into_iter().filter(|fault| operation == TRANSACTION || *fault != Fault::Conflict)
        {
            let (shop, faults) = faulty_warehouse().await;
            let (lamp, order) = (shop.product(5).await, id());
            shop.reserve(&order, &[(&lamp, 2)]).await.unwrap();
            faults.add(Rule::new(fault).on(operation));
            assert_eq!(shop.ship(&order).await, refused("Unavailable"), "{operation} {fault:?}");
            assert_eq!(shop.release(&order).await, refused("Unavailable"), "{operation} {fault:?}");
            faults.clear();
            assert_eq!(shop.counts(&lamp).await, [3, 2, 5, 0], "{operation} {fault:?}");
            assert_eq!(shop.release(&order).await, done("RELEASED"));
            assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
        }
    }
}

#[tokio::test]
async fn units_whose_answer_is_lost_are_set_aside_once() {
    // If the first call is lost, the SDK retries it. If all are lost, the workflow retries the
    // step.
    for (lost, expected) in [(1, done("RESERVED")), (u64::MAX, refused("Unavailable"))] {
        let (shop, faults) = faulty_warehouse().await;
        let (lamp, order) = (shop.product(5).await, id());
        faults.add(Rule::new(Fault::LoseAnswer).on(TRANSACTION).times(lost));
        assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, expected);
        faults.clear();
        assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, done("RESERVED"));
        assert_eq!(shop.counts(&lamp).await, [3, 2, 5, 0]);
        faults.add(Rule::new(Fault::LoseAnswer).on(TRANSACTION).times(lost));
        shop.release(&order).await.ok();
        faults.clear();
        assert_eq!(shop.release(&order).await, done("RELEASED"));
        assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
    }
}

#[tokio::test]
async fn half_of_another_try_that_can_be_seen_already_is_no_shortage() {
    let (shop, faults) = faulty_warehouse().await;
    let (lamp, order) = (shop.product(5).await, id());
    shop.reserve(&order, &[(&lamp, 2)]).await.unwrap();
    faults.add(Rule::new(Fault::HalfSeen).on(TRANSACTION).times(1));
    assert_eq!(shop.release(&order).await, done("RELEASED"));
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
}

#[tokio::test]
async fn a_call_that_arrives_long_after_it_was_given_up_sets_nothing_aside_for_a_dead_order() {
    let (shop, faults) = faulty_warehouse().await;
    let (lamp, order) = (shop.product(5).await, id());
    faults.add(Rule::new(Fault::Delay(UNTIL_RELEASED)).on(TRANSACTION).times(3));
    assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, refused("Unavailable"));
    assert_eq!(shop.release(&order).await, done("RELEASED"));
    faults.release_delayed().await;
    assert_eq!(faults.injected()["Delay TransactWriteItems"], 3);
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
}

#[tokio::test]
async fn a_delivery_whose_answers_are_lost_is_counted_once() {
    let (shop, faults) = faulty_warehouse().await;
    let lamp = shop.product(5).await;
    let (path, key) = (format!("/stock/{lamp}/receipts"), [("idempotency-key", "delivery-1")]);
    faults.add(Rule::new(Fault::LoseAnswer).on(TRANSACTION));
    let refused = shop.client.send("POST", &path, &key, r#"{"quantity": 7}"#).await.expect(503);
    assert_eq!(refused.header("retry-after"), "1");
    faults.clear();
    shop.client.send("POST", &path, &key, r#"{"quantity": 7}"#).await.expect(201);
    assert_eq!(shop.counts(&lamp).await, [12, 0, 12, 0]);
}

#[tokio::test]
async fn a_receipt_whose_answer_is_lost_is_counted_once_beside_others() {
    let (shop, faults) = faulty_warehouse().await;
    let lamp = id();
    let others = async {
        shop.take_in(&lamp, 3).await;
        shop.reserve(&id(), &[(&lamp, 4)]).await.unwrap();
    };
    faults.meanwhile(TRANSACTION, shop.take_in(&lamp, 5), others).await;
    assert_eq!(shop.counts(&lamp).await, [4, 4, 8, 0]);
}

#[tokio::test]
async fn a_step_whose_answer_is_lost_is_not_taken_again_over_a_later_one() {
    let (shop, faults) = faulty_warehouse().await;
    let (lamp, order) = (shop.product(5).await, id());
    let released = async {
        assert_eq!(shop.release(&order).await, done("RELEASED"));
    };
    let call = faults.meanwhile(TRANSACTION, async { shop.reserve(&order, &[(&lamp, 2)]).await }, released);
    assert_eq!(call.await, done("RESERVED"), "as it was when it was done");
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
    assert_eq!(shop.ship(&order).await, refused("Released"));
}
