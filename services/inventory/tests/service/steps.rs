use lambdakit::dynamodb::item::key;
use lambdakit::workflow::steps::{BROKEN, UNREADABLE};
use serde_json::{Value, json};

use crate::{done, id, refused, warehouse};

#[tokio::test]
async fn units_are_set_aside_and_leave_with_the_parcel() {
    let shop = warehouse().await;
    let (lamp, chair, order) = (shop.product(5).await, shop.product(3).await, id());
    assert_eq!(shop.reserve(&order, &[(&lamp, 2), (&chair, 3)]).await, done("RESERVED"));
    assert_eq!(shop.counts(&lamp).await, [3, 2, 5, 0]);
    assert_eq!(shop.counts(&chair).await, [0, 3, 3, 0]);
    assert_eq!(shop.ship(&order).await, done("SHIPPED"));
    assert_eq!(shop.counts(&lamp).await, [3, 0, 5, 2]);
    assert_eq!(shop.counts(&chair).await, [0, 0, 3, 3]);
}

#[tokio::test]
async fn a_step_that_comes_again_changes_nothing_and_is_answered_the_same() {
    let shop = warehouse().await;
    let (lamp, order) = (shop.product(5).await, id());
    for _ in 0..2 {
        assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, done("RESERVED"));
        assert_eq!(shop.counts(&lamp).await, [3, 2, 5, 0]);
    }
    for _ in 0..2 {
        assert_eq!(shop.release(&order).await, done("RELEASED"));
        assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
    }
    let order = id();
    shop.reserve(&order, &[(&lamp, 4)]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(shop.ship(&order).await, done("SHIPPED"));
        assert_eq!(shop.counts(&lamp).await, [1, 0, 5, 4]);
    }
    // A late duplicate is accepted as well.
    assert_eq!(shop.reserve(&order, &[(&lamp, 4)]).await, done("RESERVED"));
    assert_eq!(shop.counts(&lamp).await, [1, 0, 5, 4]);
}

#[tokio::test]
async fn an_order_that_lacks_one_unit_reserves_nothing() {
    let shop = warehouse().await;
    let (lamp, chair, order) = (shop.product(5).await, shop.product(1).await, id());
    assert_eq!(shop.reserve(&order, &[(&lamp, 1), (&chair, 2)]).await, done("OUT_OF_STOCK"));
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
    assert_eq!(shop.counts(&chair).await, [1, 0, 1, 0]);
    assert_eq!(shop.reserve(&id(), &[(&id(), 1)]).await, done("OUT_OF_STOCK"), "of what never came in");
}

#[tokio::test]
async fn an_order_that_was_told_there_is_not_enough_is_told_so_for_ever() {
    let shop = warehouse().await;
    let (lamp, order) = (shop.product(1).await, id());
    assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, done("OUT_OF_STOCK"));
    // The order is closed: units reserved for it now would never be released.
    shop.take_in(&lamp, 9).await;
    assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, done("OUT_OF_STOCK"));
    assert_eq!(shop.release(&order).await, done("RELEASED"));
    assert_eq!(shop.counts(&lamp).await, [10, 0, 10, 0]);
    assert_eq!(shop.reserve(&id(), &[(&lamp, 2)]).await, done("RESERVED"), "others get no such answer");
}

#[tokio::test]
async fn lines_of_the_same_product_are_counted_together() {
    let shop = warehouse().await;
    let (lamp, order) = (shop.product(5).await, id());
    assert_eq!(shop.reserve(&id(), &[(&lamp, 3), (&lamp, 3)]).await, done("OUT_OF_STOCK"));
    assert_eq!(shop.reserve(&order, &[(&lamp, 3), (&lamp, 2)]).await, done("RESERVED"));
    assert_eq!(shop.counts(&lamp).await, [0, 5, 5, 0]);
    shop.release(&order).await.unwrap();
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
}

#[tokio::test]
async fn a_late_try_sets_nothing_aside_for_an_order_that_was_released() {
    let shop = warehouse().await;
    let (lamp, order, unheard_of) = (shop.product(5).await, id(), id());
    shop.reserve(&order, &[(&lamp, 2)]).await.unwrap();
    shop.release(&order).await.unwrap();
    assert_eq!(shop.reserve(&order, &[(&lamp, 2)]).await, done("RELEASED"));
    // The release call can arrive before the reserve call.
    assert_eq!(shop.release(&unheard_of).await, done("RELEASED"));
    assert_eq!(shop.reserve(&unheard_of, &[(&lamp, 2)]).await, done("RELEASED"));
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
}

#[tokio::test]
async fn reserved_units_can_ship_and_shipped_ones_are_not_released() {
    let shop = warehouse().await;
    let (lamp, order, short) = (shop.product(5).await, id(), id());
    assert_eq!(shop.ship(&id()).await, refused(BROKEN));
    shop.reserve(&short, &[(&lamp, 6)]).await.unwrap();
    assert_eq!(shop.ship(&short).await, refused(BROKEN));
    shop.reserve(&order, &[(&lamp, 2)]).await.unwrap();
    shop.release(&order).await.unwrap();
    assert_eq!(shop.ship(&order).await, refused("Released"));
    assert_eq!(shop.counts(&lamp).await, [5, 0, 5, 0]);
    let gone = id();
    shop.reserve(&gone, &[(&lamp, 2)]).await.unwrap();
    shop.ship(&gone).await.unwrap();
    assert_eq!(shop.release(&gone).await, done("SHIPPED"));
    assert_eq!(shop.counts(&lamp).await, [3, 0, 5, 2]);
}

#[tokio::test]
async fn open_reservations_stay_and_settled_ones_expire_after_a_month() {
    let shop = warehouse().await;
    let (lamp, order) = (shop.product(9).await, id());
    let expires = async |order: &str| {
        let row = shop.table.get_latest::<Value>(key([("item", format!("order#{order}"))])).await;
        row.unwrap().unwrap()["expiresAt"].as_u64()
    };
    let month = domain::Timestamp::now().plus_days(30).unix_millis() / 1000;
    shop.reserve(&order, &[(&lamp, 2)]).await.unwrap();
    assert_eq!(expires(&order).await, None);
    shop.ship(&order).await.unwrap();
    assert!(expires(&order).await.unwrap().abs_diff(month) < 60);
    let (short, never) = (id(), id());
    shop.reserve(&short, &[(&lamp, 99)]).await.unwrap();
    shop.release(&never).await.unwrap();
    for order in [short, never] {
        assert!(expires(&order).await.unwrap().abs_diff(month) < 60);
    }
}

#[tokio::test]
async fn a_call_that_makes_no_sense_is_told_from_one_that_may_work_in_a_moment() {
    let shop = warehouse().await;
    for call in [
        json!({}),
        json!({ "step": "paint", "orderId": id() }),
        json!({ "step": "release" }),
        json!({ "step": "release", "orderId": "o-1" }),
        json!({ "step": "reserve", "orderId": id(), "units": [{ "productId": id(), "quantity": 0 }] }),
    ] {
        assert_eq!(shop.step(call.clone()).await, refused(UNREADABLE), "{call}");
    }
}

#[tokio::test]
async fn the_sample_call_sets_units_aside() {
    let shop = warehouse().await;
    let call: Value = serde_json::from_str(include_str!("../../events/inventory-steps.json")).unwrap();
    for units in call["units"].as_array().unwrap() {
        shop.take_in(units["productId"].as_str().unwrap(), 2).await;
    }
    assert_eq!(shop.step(call).await, done("RESERVED"));
}
