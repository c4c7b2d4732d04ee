//! What becomes of products when calls fail on the way. Each test is a row of `docs/reliability.md`.

use product::api::router;
use product::store::ProductStore;
use serde_json::Value;
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Client};

use crate::{create, path, phone};

/// A catalogue with a proxy between it and its table.
async fn faulty_catalogue() -> (Client, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    account.table("PRODUCT_TABLE").await;
    let table = account.behind(&faults).known_table("PRODUCT_TABLE");
    (Client::new(router(ProductStore::new(table), "USD".parse().unwrap())), faults)
}

async fn products(catalogue: &Client) -> Vec<Value> {
    catalogue.get("/product").await.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_product_whose_answer_is_lost_is_created_once() {
    let (catalogue, faults) = faulty_catalogue().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(2));
    let product = create(&catalogue, phone()).await;
    assert_eq!(products(&catalogue).await, [product]);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    for headers in [&[][..], &[("if-match", "\"1\"")]] {
        let (catalogue, faults) = faulty_catalogue().await;
        let product = create(&catalogue, phone()).await;
        faults.add(Rule::new(Fault::LoseAnswer).on("UpdateItem").times(2));
        let changed = catalogue.send("PATCH", &path(&product), headers, r#"{"price": 1}"#).await.expect(200);
        assert_eq!(changed.body["version"], 2);
        assert_eq!(products(&catalogue).await, [changed.body]);
    }
}

#[tokio::test]
async fn a_call_that_keeps_failing_changes_nothing_and_says_when_to_come_back() {
    for fault in
        [Fault::Refuse, Fault::ServerError, Fault::Throttle, Fault::CapacityExceeded, Fault::Conflict]
    {
        let (catalogue, faults) = faulty_catalogue().await;
        let product = create(&catalogue, phone()).await;
        faults.add(Rule::new(fault));
        for (method, path, body) in [
            ("POST", "/product", phone().to_string()),
            ("PATCH", &path(&product), r#"{"price": 1}"#.to_owned()),
            ("DELETE", &path(&product), String::new()),
            ("GET", &path(&product), String::new()),
            ("GET", "/product", String::new()),
        ] {
            let refused = catalogue.send(method, path, &[], body).await.expect(503);
            assert_eq!(refused.header("retry-after"), "1", "{method} {fault:?}");
        }
        faults.clear();
        assert_eq!(products(&catalogue).await, [product]);
    }
}
