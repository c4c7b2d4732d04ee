//! Order updates, pushed to the order's customer.

use futures::future::join_all;
use serde_json::{Value, json};
use testkit::customer_id;

use crate::{live, subscribe, young_order};

fn statuses(live: &crate::Live, id: &str) -> Vec<String> {
    let frames = live.switchboard.frames(id);
    frames.iter().map(|frame| frame["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_status_is_told_to_the_connections_that_follow_the_order() {
    let live = live().await;
    let order = young_order();
    for (id, user) in [("1", "grace"), ("2", "grace"), ("3", "grace"), ("4", "swn")] {
        live.connect(id, user).await;
        if id != "3" {
            live.say(id, subscribe(order)).await;
        }
    }
    let all = ["OrderPlaced", "OrderStockReserved", "OrderPaid", "OrderShipped", "OrderDelivered"];
    for fact in all {
        assert!(live.handle(fact, "grace", order).await);
    }
    for id in ["1", "2"] {
        assert_eq!(statuses(&live, id), ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"]);
    }
    assert!(statuses(&live, "3").is_empty() && statuses(&live, "4").is_empty());
    let frame = json!({
        "type": "orderStatus", "orderId": order, "status": "PAID", "at": "2026-01-31T12:00:00.000Z",
    });
    assert_eq!(live.switchboard.frames("1")[2], frame);
}

#[tokio::test]
async fn the_sample_events_of_all_functions_are_understood() {
    let live = live().await;
    let sample = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let coming = sample(include_str!("../../events/realtime-connections.json"));
    assert_eq!(crate::Live::happen(&live.comings, coming).await.status_code, 200);
    let said = sample(include_str!("../../events/realtime-messages.json"));
    let answer = crate::Live::happen(&live.messages, said).await.body.unwrap();
    assert_eq!(sample(&answer), json!({ "type": "messages", "customerId": customer_id("swn"), "items": [] }));
    let fact = sample(include_str!("../../events/realtime-on-order.json"));
    assert!(live.deliver(&fact["Records"]).await.is_empty());
    assert!(
        live.rows()
            .await
            .iter()
            .any(|row| row.starts_with(&format!("customer#{} / order#", customer_id("swn"))))
    );
}

#[tokio::test]
async fn a_rejection_says_why() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    live.say("1", subscribe(order)).await;
    for (fact, status) in [("OrderRejected", "REJECTED"), ("OrderCancelled", "CANCELLED")] {
        assert!(live.handle(fact, "grace", order).await);
        let frame = live.switchboard.frames("1").pop().unwrap();
        assert_eq!((&frame["status"], &frame["reason"]), (&json!(status), &json!("OUT_OF_STOCK")));
    }
}

#[tokio::test]
async fn a_status_that_an_order_has_gone_beyond_is_not_told() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    live.say("1", subscribe(order)).await;
    for fact in ["OrderShipped", "OrderPaid", "OrderPlaced", "OrderDelivered", "OrderShipped"] {
        assert!(live.handle(fact, "grace", order).await);
    }
    assert_eq!(statuses(&live, "1"), ["SHIPPED", "DELIVERED"]);
    assert_eq!(live.say("1", subscribe(order)).await["status"], "DELIVERED");
}

#[tokio::test]
async fn a_status_that_comes_again_is_told_again_as_nobody_knows_whether_it_was() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    live.say("1", subscribe(order)).await;
    assert!(live.handle("OrderPaid", "grace", order).await);
    assert!(live.handle("OrderPaid", "grace", order).await);
    let frames = live.switchboard.frames("1");
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0], frames[1]);
}

#[tokio::test]
async fn events_that_come_at_once_leave_the_latest_status() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    live.say("1", subscribe(order)).await;
    let all = ["OrderDelivered", "OrderPlaced", "OrderShipped", "OrderPaid", "OrderStockReserved"];
    let done = join_all(all.map(|fact| live.handle(fact, "grace", order))).await;
    assert!(done.into_iter().all(|done| done));
    assert!(statuses(&live, "1").contains(&"DELIVERED".to_owned()));
    assert_eq!(live.say("1", subscribe(order)).await["status"], "DELIVERED");
}

#[tokio::test]
async fn a_dead_connection_is_forgotten_and_does_not_hold_up_the_others() {
    let live = live().await;
    let order = young_order();
    for id in ["1", "2", "3"] {
        live.connect(id, "grace").await;
        live.say(id, subscribe(order)).await;
    }
    live.age(&format!("customer#{}", customer_id("grace")), &format!("order#{order}#2")).await;
    live.switchboard.lose("2");
    assert!(live.handle("OrderPaid", "grace", order).await);
    assert_eq!((statuses(&live, "1").len(), statuses(&live, "3").len()), (1, 1));
    let rows = live.rows().await;
    assert!(rows.iter().all(|row| !row.contains("#2")), "{rows:?}");
    assert_eq!(rows.len(), 3 * 2 + 1);
}

#[tokio::test]
async fn a_connection_that_is_just_being_made_is_not_taken_for_dead() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    live.say("1", subscribe(order)).await;
    live.switchboard.lose("1");
    assert!(live.handle("OrderPaid", "grace", order).await);
    assert_eq!(live.rows().await.len(), 3 + 1);
}

#[tokio::test]
async fn an_unreachable_connection_is_retried_and_the_others_do_not_wait() {
    let live = live().await;
    let order = young_order();
    for id in ["1", "2"] {
        live.connect(id, "grace").await;
        live.say(id, subscribe(order)).await;
    }
    live.switchboard.stick("1", true);
    assert!(!live.handle("OrderPaid", "grace", order).await);
    assert_eq!(statuses(&live, "2"), ["PAID"]);
    live.switchboard.stick("1", false);
    assert!(live.handle("OrderPaid", "grace", order).await);
    assert_eq!((statuses(&live, "1").len(), statuses(&live, "2").len()), (1, 2));
}

#[tokio::test]
async fn orders_of_forgotten_customers_are_nobodys_to_hear_of() {
    let live = live().await;
    assert!(live.handle("OrderPaid", "erased", young_order()).await);
    assert!(live.rows().await.is_empty());
}

#[tokio::test]
async fn unreadable_events_are_never_acknowledged_and_their_batch_does_not_wait() {
    let live = live().await;
    let order = young_order();
    live.connect("1", "grace").await;
    live.say("1", subscribe(order)).await;
    let message = |id: &str, fact: &str, user: &str| -> Value {
        let metadata = json!({
            "eventId": "019c1430-4400-7000-8000-000000000007", "version": 1, "correlationId": "c-1",
            "occurredAt": "2026-01-31T12:00:00.000Z",
        });
        let detail = json!({ "metadata": metadata, "data": { "orderId": order, "customerId": customer_id(user), "userName": user } });
        let body = json!({ "detail-type": fact, "source": "shop.ordering", "detail": detail });
        json!({ "messageId": id, "body": body.to_string() })
    };
    let failed = live
        .deliver(&json!([
            { "messageId": "poison", "body": "{" },
            message("other", "OrderMoved", "grace"),
            message("nobody", "OrderPaid", ""),
            message("good", "OrderPaid", "grace"),
        ]))
        .await;
    assert_eq!(failed, ["poison", "other", "nobody"]);
    assert_eq!(statuses(&live, "1"), ["PAID"]);
}
