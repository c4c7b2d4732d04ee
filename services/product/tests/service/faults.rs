//! Products when calls to AWS fail. Each test is a row of `docs/reliability.md`.

use product::api::router;
use product::store::ProductStore;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Client};

use crate::{create, path, phone};

/// A catalogue, and a proxy between it and its table.
async fn faulty_catalogue() -> (Client, FaultProxy) {
    let (catalogue, faults, _) = two_catalogues().await;
    (catalogue, faults)
}

/// The same, and a second client of the same catalogue, without a proxy.
async fn two_catalogues() -> (Client, FaultProxy, Client) {
    let account = Account::new();
    let faults = account.faults().await;
    let table = account.table("PRODUCT_TABLE").await;
    let faulty = account.behind(&faults).known_table("PRODUCT_TABLE");
    let client = |table| Client::new(router(ProductStore::new(table), "USD".parse().unwrap()));
    (client(faulty), faults, client(table))
}

async fn products(catalogue: &Client) -> Vec<Value> {
    catalogue.get("/product").await.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_product_whose_answer_is_lost_is_created_once() {
    let (catalogue, faults) = faulty_catalogue().await;
    faults.add(Rule::new(Fault::LoseAnswer).on("TransactWriteItems").times(2));
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

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_not_made_again_over_a_later_one() {
    for headers in [&[][..], &[("if-match", "\"1\"")]] {
        let (catalogue, faults, other) = two_catalogues().await;
        let product = create(&other, phone()).await;
        let path = path(&product);
        let call = catalogue.send("PATCH", &path, headers, r#"{"price": 1, "description": "Mine."}"#);
        let others = async {
            for price in 2..=7 {
                let body = format!(r#"{{"price": {price}, "description": "Theirs."}}"#);
                other.send("PATCH", &path, &[], body).await.expect(200);
            }
        };
        let changed = faults.meanwhile("UpdateItem", call, others).await.expect(200);
        assert_eq!((&changed.body["version"], changed.header("etag")), (&json!(2), "\"2\""));
        assert_eq!(changed.body["description"], "Mine.", "the answer is what this change has made");
        let there = other.get(&path).await.expect(200).body;
        assert_eq!((&there["version"], &there["description"]), (&json!(8), &json!("Theirs.")));
    }
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_does_not_bring_back_what_was_deleted() {
    let (catalogue, faults, other) = two_catalogues().await;
    let others = async {
        let there = products(&other).await;
        other.send("DELETE", &path(&there[0]), &[], "").await.expect(204);
    };
    let call = catalogue.post("/product", phone());
    faults.meanwhile("TransactWriteItems", call, others).await.expect(201);
    assert!(products(&other).await.is_empty());
}

#[tokio::test]
async fn a_deletion_whose_stamp_is_lost_spares_a_later_version() {
    let (catalogue, faults, other) = two_catalogues().await;
    let product = create(&other, phone()).await;
    let path = path(&product);
    let change = async {
        other.send("PATCH", &path, &[], r#"{"price": 2}"#).await.expect(200);
    };
    let call = catalogue.send("DELETE", &path, &[("if-match", "\"1\"")], "");
    faults.meanwhile("UpdateItem", call, change).await.expect(412);
    assert_eq!(other.get(&path).await.expect(200).body["version"], 2);
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_answered_as_done() {
    let (catalogue, faults, other) = two_catalogues().await;
    let product = create(&other, phone()).await;
    let path = path(&product);
    let others = async {
        other.send("DELETE", &path, &[], "").await.expect(404);
    };
    faults.meanwhile("DeleteItem", catalogue.send("DELETE", &path, &[], ""), others).await.expect(204);
}

#[tokio::test]
async fn stock_whose_answer_is_lost_does_not_hide_later_stock() {
    let account = Account::new();
    let faults = account.faults().await;
    let there = ProductStore::new(account.table("PRODUCT_TABLE").await);
    let faulty = ProductStore::new(account.behind(&faults).known_table("PRODUCT_TABLE"));
    let catalogue = Client::new(router(there.clone(), "USD".parse().unwrap()));
    let product = create(&catalogue, phone()).await;
    let id = product["id"].as_str().unwrap().parse().unwrap();
    let later = async {
        assert!(there.set_available(id, 2, 2).await.unwrap());
    };
    assert!(!faults.meanwhile("UpdateItem", faulty.set_available(id, 1, 1), later).await.unwrap());
    assert_eq!(catalogue.get(&path(&product)).await.body["available"], 2);
}
