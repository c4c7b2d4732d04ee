//! Baskets and checkouts when calls to AWS fail. Each test is a row of `docs/reliability.md`.

use std::time::Duration;

use serde_json::json;
use testkit::faults::{Fault, FaultProxy, Rule, UNTIL_RELEASED};

use crate::checkout::{check_out, fill, order, outbox};
use crate::{Shop, faulty_shop, snapshot};

/// A shop with a product, and a basket with two of it. Faults apply from here on.
async fn filled() -> (Shop, FaultProxy, String) {
    let (shop, faults) = faulty_shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    fill(&shop, &phone).await;
    (shop, faults, phone)
}

async fn units(shop: &Shop) -> u64 {
    let basket = shop.client.get("/basket/swn").await.expect(200).body;
    basket["items"].as_array().unwrap().iter().map(|item| item["quantity"].as_u64().unwrap()).sum()
}

/// Asserts that there is one order and no basket if `placed`, else a basket and no order.
async fn assert_placed(shop: &Shop, placed: bool) {
    assert_eq!(outbox(shop).await.len(), usize::from(placed));
    assert_eq!(units(shop).await, if placed { 0 } else { 2 });
}

#[tokio::test]
async fn a_call_that_fails_once_is_tried_again() {
    for operation in ["GetItem", "BatchGetItem", "TransactWriteItems"] {
        for fault in [Fault::Refuse, Fault::ServerError, Fault::Throttle, Fault::CapacityExceeded] {
            let (shop, faults, _) = filled().await;
            faults.add(Rule::new(fault).on(operation).times(1));
            check_out(&shop, "", &order()).await.expect(202);
            assert_eq!(faults.injected().values().sum::<u64>(), 1, "{operation} {fault:?}");
            assert_placed(&shop, true).await;
        }
    }
}

#[tokio::test]
async fn a_call_that_keeps_failing_leaves_the_basket_and_says_when_to_come_back() {
    for operation in ["GetItem", "BatchGetItem", "TransactWriteItems"] {
        for fault in [Fault::Refuse, Fault::ServerError, Fault::Throttle, Fault::CapacityExceeded] {
            let (shop, faults, _) = filled().await;
            faults.add(Rule::new(fault).on(operation));
            for key in ["", "k-1"] {
                let refused = check_out(&shop, key, &order()).await.expect(503);
                assert_eq!(refused.body["type"], "urn:problem-type:unavailable");
                assert_eq!(refused.header("retry-after"), "1");
                assert!(!refused.body.to_string().contains("injected"), "causes are for the log");
            }
            faults.clear();
            assert_placed(&shop, false).await;
            check_out(&shop, "k-1", &order()).await.expect(202);
            assert_placed(&shop, true).await;
        }
    }
}

#[tokio::test]
async fn a_checkout_whose_answer_is_lost_is_made_once() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems").times(1));
    let receipt = check_out(&shop, "", &order()).await.expect(202).body;
    assert_eq!(outbox(&shop).await[0]["data"]["orderId"], receipt["orderId"]);
    assert_placed(&shop, true).await;
}

#[tokio::test]
async fn a_checkout_whose_answers_are_all_lost_is_found_by_its_key() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems"));
    let receipt = check_out(&shop, "k-1", &order()).await.expect(202).body;
    assert_eq!(outbox(&shop).await[0]["data"]["orderId"], receipt["orderId"]);
    faults.clear();
    assert_eq!(check_out(&shop, "k-1", &order()).await.expect(202).body, receipt);
    assert_placed(&shop, true).await;
}

#[tokio::test]
async fn a_checkout_without_a_key_whose_answers_are_all_lost_is_still_made_once() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems"));
    check_out(&shop, "", &order()).await.expect(503);
    faults.clear();
    let again = check_out(&shop, "", &order()).await.expect(409);
    assert_eq!(again.body["type"], "urn:problem-type:basket-empty");
    assert_placed(&shop, true).await;
}

#[tokio::test]
async fn a_checkout_outlives_other_transactions_on_the_same_basket() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::Conflict).on("TransactWriteItems").times(3));
    check_out(&shop, "", &order()).await.expect(202);
    assert_placed(&shop, true).await;
}

#[tokio::test]
async fn a_checkout_whose_answer_is_lost_before_a_conflict_is_made_once() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems").times(1));
    faults.add(Rule::new(Fault::Conflict).on("TransactWriteItems").times(1));
    let receipt = check_out(&shop, "", &order()).await.expect(202).body;
    assert_eq!(outbox(&shop).await[0]["data"]["orderId"], receipt["orderId"]);
    assert_placed(&shop, true).await;
}

#[tokio::test]
async fn a_basket_that_other_transactions_never_let_go_is_kept() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::Conflict).on("TransactWriteItems"));
    check_out(&shop, "", &order()).await.expect(503);
    assert_placed(&shop, false).await;
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up_and_tried_again() {
    let (shop, faults, _) = filled().await;
    faults.add(Rule::new(Fault::Delay(Duration::from_secs(5))).on("TransactWriteItems").times(1));
    check_out(&shop, "", &order()).await.expect(202);
    assert_placed(&shop, true).await;
}

#[tokio::test]
async fn prices_that_were_left_out_of_a_batch_are_asked_for_again() {
    let (shop, faults, phone) = filled().await;
    let camera = shop.product("Leica", "870").await;
    shop.client.post("/basket/swn/items", json!({ "productId": camera, "quantity": 1 })).await.expect(200);
    faults.add(Rule::new(Fault::Partial).on("BatchGetItem").times(2));
    for _ in 0..4 {
        let basket = shop.client.get("/basket/swn").await.expect(200).body;
        assert_eq!(basket["subtotal"].to_string(), "2770.8");
        assert_eq!(basket["items"][0]["productId"], json!(phone));
    }
    assert!(faults.injected()["Partial BatchGetItem"] > 0);
}

#[tokio::test]
async fn an_item_whose_answer_is_lost_is_added_once() {
    let (shop, faults, phone) = filled().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").of("BASKET_TABLE").times(2));
    shop.client.post("/basket/swn/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
    assert_eq!(units(&shop).await, 3);
    // This includes the first write, before the basket exists.
    faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").of("BASKET_TABLE").times(1));
    let ada = shop.client.customer("ada");
    ada.post("/basket/ada/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
    let basket = ada.get("/basket/ada").await.expect(200).body;
    assert_eq!(basket["items"][0]["quantity"], 1);
}

#[tokio::test]
async fn a_change_that_cannot_be_written_leaves_the_basket() {
    let (shop, faults, phone) = filled().await;
    faults.add(Rule::new(Fault::Refuse).on("PutItem").of("BASKET_TABLE"));
    let item = json!({ "productId": phone, "quantity": 1 });
    shop.client.post("/basket/swn/items", item).await.expect(503);
    faults.clear();
    assert_eq!(units(&shop).await, 2);
}

#[tokio::test]
async fn a_price_whose_answer_is_lost_is_taken_over() {
    let (shop, faults, phone) = filled().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").of("PRICE_TABLE").times(1));
    shop.handle("ProductUpdated", &snapshot(&phone, "IPhone X", "900", 2)).await;
    assert_eq!(shop.client.get("/basket/swn").await.expect(200).body["subtotal"].to_string(), "1800.0");
}

#[tokio::test]
async fn a_price_that_cannot_be_written_comes_again() {
    let (shop, faults, phone) = filled().await;
    faults.add(Rule::new(Fault::CapacityExceeded).on("PutItem").of("PRICE_TABLE"));
    let update = crate::message("m-1", "ProductUpdated", &snapshot(&phone, "IPhone X", "900", 2));
    assert_eq!(shop.deliver(&[&update]).await, ["m-1"]);
    faults.clear();
    assert!(shop.deliver(&[&update]).await.is_empty());
}

#[tokio::test]
async fn a_change_outlives_a_checkout_of_the_same_basket() {
    let (shop, faults, phone) = filled().await;
    faults.add(Rule::new(Fault::Conflict).on("PutItem").of("BASKET_TABLE").times(2));
    let item = json!({ "productId": phone, "quantity": 1 });
    shop.client.post("/basket/swn/items", item).await.expect(200);
    assert_eq!(units(&shop).await, 3);
}

#[tokio::test]
async fn a_write_that_arrives_late_does_not_undo_what_came_after_it() {
    let late = || Rule::new(Fault::Delay(UNTIL_RELEASED)).on("PutItem").of("BASKET_TABLE").times(1);
    let (shop, faults) = faulty_shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    // The first write of a basket, then its replacement, then its emptying.
    faults.add(late());
    fill(&shop, &phone).await;
    check_out(&shop, "", &order()).await.expect(202);
    faults.release_delayed().await;
    let one = json!({ "userName": "swn", "items": [{ "productId": phone, "quantity": 1 }] });
    faults.add(late());
    shop.client.post("/basket", one).await.expect(200);
    check_out(&shop, "", &order()).await.expect(202);
    fill(&shop, &phone).await;
    faults.release_delayed().await;
    faults.add(late());
    shop.client.send("DELETE", "/basket/swn", &[], "").await.expect(204);
    fill(&shop, &phone).await;
    faults.release_delayed().await;
    assert_eq!(faults.injected()["Delay PutItem"], 3);
    assert_eq!(outbox(&shop).await.len(), 2);
    assert_eq!(units(&shop).await, 2);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_made_again_over_a_later_one() {
    let (shop, faults, phone) = filled().await;
    let body = json!({ "productId": phone, "quantity": 1 });
    let others = async {
        for _ in 0..6 {
            shop.client.post("/basket/swn/items", &body).await.expect(200);
        }
    };
    faults.meanwhile("PutItem", shop.client.post("/basket/swn/items", &body), others).await.expect(200);
    assert_eq!(units(&shop).await, 9);
}

#[tokio::test]
async fn a_checkout_whose_answer_is_lost_leaves_what_was_put_in_since() {
    let (shop, faults, phone) = filled().await;
    let added = async {
        let body = json!({ "productId": phone, "quantity": 5 });
        shop.client.post("/basket/swn/items", body).await.expect(200);
    };
    let order = order();
    faults.meanwhile("TransactWriteItems", check_out(&shop, "", &order), added).await.expect(202);
    assert_eq!((outbox(&shop).await.len(), units(&shop).await), (1, 5));
}

#[tokio::test]
async fn an_item_whose_answer_is_lost_is_in_the_order_alone_if_that_is_placed_meanwhile() {
    let (shop, faults, phone) = filled().await;
    let placed = async {
        check_out(&shop, "", &order()).await.expect(202);
    };
    let body = json!({ "productId": phone, "quantity": 1 });
    faults.meanwhile("PutItem", shop.client.post("/basket/swn/items", &body), placed).await.expect(200);
    assert_placed(&shop, true).await;
}
