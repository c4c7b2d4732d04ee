//! Orders when calls to AWS fail. Each test is a row of `docs/reliability.md`.

use std::time::Duration;

use testkit::faults::{Fault, Rule};

use crate::{faulty_shop, order};

#[tokio::test]
async fn an_order_that_cannot_be_written_comes_again() {
    for fault in
        [Fault::Refuse, Fault::ServerError, Fault::Throttle, Fault::CapacityExceeded, Fault::Conflict]
    {
        let (shop, faults) = faulty_shop().await;
        faults.add(Rule::new(fault).on("TransactWriteItems"));
        assert_eq!(shop.deliver(&[order("swn", 1), order("swn", 2)]).await, ["m-1", "m-2"], "{fault:?}");
        assert_eq!(shop.orders().await, 0);
        faults.clear();
        assert!(shop.deliver(&[order("swn", 1), order("swn", 2)]).await.is_empty());
        assert_eq!(shop.orders().await, 2);
    }
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_placed_once() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems").times(1));
    assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
    // If all responses are lost, the message is redelivered and its order exists already.
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems"));
    assert_eq!(shop.deliver(&[order("swn", 2)]).await, ["m-2"]);
    faults.clear();
    assert!(shop.deliver(&[order("swn", 2)]).await.is_empty());
    assert_eq!(shop.orders().await, 2);
}

#[tokio::test]
async fn an_order_whose_call_hangs_is_tried_again_and_placed_once() {
    let (shop, faults) = faulty_shop().await;
    faults.add(Rule::new(Fault::Delay(Duration::from_secs(2))).on("TransactWriteItems").times(1));
    assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
    assert_eq!(shop.orders().await, 1);
}

#[tokio::test]
async fn cancellations_whose_answer_is_lost_are_accepted() {
    for (is_claimed, title) in [(false, "Order not cancellable"), (true, "Cancellation under way")] {
        let (shop, faults) = faulty_shop().await;
        assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
        let orders = shop.client.get("/order/swn").await.expect(200).body;
        let id = orders["items"][0]["orderId"].as_str().unwrap();
        if is_claimed {
            shop.claim("swn", id).await;
        }
        let path = format!("/order/swn/{id}/cancel");
        // The cancellation of a claimed order is its second update.
        let lost = Rule::new(Fault::LoseAnswer).on("UpdateItem").after(u64::from(is_claimed));
        faults.add(lost.times(1));
        let swn = shop.client.customer("swn");
        let first = swn.send("POST", &path, &[], "").await.expect(202);
        faults.clear();
        let second = swn.send("POST", &path, &[], "").await.expect(409);
        assert!(first.body["cancelRequestedAt"].is_string());
        assert_eq!(second.body["title"], title);
    }
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_accepted_whatever_has_become_of_the_order() {
    let (shop, faults) = faulty_shop().await;
    assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
    let placed = shop.client.get("/order/swn").await.expect(200).body["items"][0].clone();
    let order_id = placed["orderId"].as_str().unwrap();
    let swn = shop.client.customer("swn");
    let cancelled = async {
        // The update as the workflow makes it.
        let update = shop.dynamodb.update_item().table_name("ORDER_TABLE");
        let update = update.set_key(Some(lambdakit::dynamodb::item::key([
            ("customerId", testkit::customer_id("swn")),
            ("orderId", order_id.to_owned()),
        ])));
        let update = update.update_expression("SET #status = :cancelled");
        let update = update.expression_attribute_names("#status", "status");
        let cancelled = aws_sdk_dynamodb::types::AttributeValue::S("CANCELLED".to_owned());
        update.expression_attribute_values(":cancelled", cancelled).send().await.unwrap();
    };
    let path = format!("/order/swn/{order_id}/cancel");
    let call = swn.send("POST", &path, &[], "");
    let answer = faults.meanwhile("UpdateItem", call, cancelled).await.expect(202);
    assert_eq!(answer.body["status"], "CANCELLED");
}
