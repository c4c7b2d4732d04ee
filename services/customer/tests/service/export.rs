use aws_sdk_dynamodb::types::AttributeValue;
use domain::event::Keeper;
use serde_json::{Value, json};
use testkit::faults::{Fault, Rule};

use crate::{Shop, shop};

/// A part of an export, as a keeper hands it over.
fn part(export: &Value, keeper: &str, number: u32, last: bool, items: &Value) -> Value {
    json!({
        "userName": "swn", "exportId": export["requestId"], "keeper": keeper,
        "part": number, "last": last, "items": items,
    })
}

impl Shop {
    async fn collect(&self, export: &Value, keeper: &str, number: u32, last: bool, items: Value) {
        assert!(self.deliver("CustomerDataCollected", &part(export, keeper, number, last, &items)).await);
    }

    /// All keepers but these hand over that they keep nothing.
    async fn rest(&self, export: &Value, but: &[Keeper]) {
        for keeper in Keeper::ALL.into_iter().filter(|keeper| !but.contains(keeper)) {
            self.collect(export, keeper.name(), 0, true, json!([])).await;
        }
    }

    /// An export that is being collected.
    async fn collecting(&self) -> Value {
        let answer = self.client.get("/me/export").await.expect(202);
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(answer.body["status"], "COLLECTING");
        answer.body
    }
}

#[tokio::test]
async fn an_export_is_whole_when_all_parts_of_all_keepers_have_come_in_whatever_order() {
    let shop = shop().await;
    let export = shop.collecting().await;
    shop.collect(&export, "ordering", 1, true, json!([{ "orderId": "b" }])).await;
    shop.collecting().await;
    shop.collect(&export, "notification", 0, true, json!([{ "kind": "MAIL" }])).await;
    shop.collecting().await;
    shop.rest(&export, &[Keeper::Basket, Keeper::Ordering, Keeper::Notification]).await;
    shop.collect(&export, "basket", 0, true, json!([{ "items": [] }])).await;
    shop.collecting().await;
    shop.collect(&export, "ordering", 0, false, json!([{ "orderId": "a", "totalPrice": 950.4 }])).await;
    let whole = shop.client.get("/me/export").await.expect(200);
    assert_eq!(
        whole.body,
        json!({
            "userName": "swn",
            "requestId": export["requestId"],
            "requestedAt": export["requestedAt"],
            "account": {},
            "basket": { "items": [] },
            "orders": [{ "orderId": "a", "totalPrice": 950.4 }, { "orderId": "b" }],
            "mails": [{ "kind": "MAIL" }],
            "messages": [],
        })
    );
    assert_eq!(whole.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_part_that_comes_twice_is_in_the_export_once() {
    let shop = shop().await;
    let export = shop.collecting().await;
    for _ in 0..2 {
        shop.collect(&export, "ordering", 0, true, json!([{ "orderId": "a" }])).await;
        shop.collect(&export, "basket", 0, true, json!([{}])).await;
        shop.rest(&export, &[Keeper::Basket, Keeper::Ordering]).await;
    }
    let whole = shop.client.get("/me/export").await.expect(200).body;
    assert_eq!(whole["orders"], json!([{ "orderId": "a" }]));
}

#[tokio::test]
async fn an_export_in_many_parts_comes_in_pages() {
    let shop = shop().await;
    let export = shop.collecting().await;
    for number in 0..30 {
        shop.collect(&export, "ordering", number, number == 29, json!([{ "orderId": number }])).await;
    }
    shop.collect(&export, "basket", 0, true, json!([{}])).await;
    shop.rest(&export, &[Keeper::Basket, Keeper::Ordering]).await;
    let first = shop.client.get("/me/export").await.expect(200).body;
    assert!(first["basket"].is_object());
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = shop.client.get(&format!("/me/export?cursor={cursor}")).await.expect(200).body;
    assert!(second.get("basket").is_none() && second.get("nextCursor").is_none());
    let ids = [&first, &second].map(|page| page["orders"].as_array().unwrap().clone()).concat();
    assert_eq!(ids, (0..30).map(|id| json!({ "orderId": id })).collect::<Vec<_>>());
    let refused = shop.client.get("/me/export?cursor=abc").await.expect(400);
    assert_eq!(refused.fields_at_fault(), ["cursor"]);
}

#[tokio::test]
async fn twenty_calls_at_once_are_one_export() {
    let shop = shop().await;
    let calls = (0..20).map(|_| {
        let client = shop.client.clone();
        tokio::spawn(async move { client.get("/me/export").await.expect(202).body["requestId"].clone() })
    });
    let calls: Vec<_> = calls.collect();
    let mut ids = Vec::new();
    for call in calls {
        ids.push(call.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn an_export_that_has_expired_is_followed_by_a_new_one() {
    let shop = shop().await;
    let export = shop.collecting().await;
    let update = shop
        .dynamodb
        .update_item()
        .table_name("CUSTOMER_TABLE")
        .key("userName", AttributeValue::S("swn".to_owned()))
        .key("item", AttributeValue::S("export".to_owned()))
        .update_expression("SET expiresAt = :past")
        .expression_attribute_values(":past", AttributeValue::N("1".to_owned()));
    update.send().await.unwrap();
    let next = shop.collecting().await;
    assert_ne!(next["requestId"], export["requestId"]);
    // Parts of the old one are for nobody.
    shop.collect(&export, "basket", 0, true, json!([{}])).await;
    shop.rest(&next, &[Keeper::Basket]).await;
    shop.collecting().await;
    let parts = shop.rows().await.iter().filter(|row| row.contains("part#")).count();
    assert_eq!(parts, Keeper::ALL.len() - 1);
}

#[tokio::test]
async fn an_export_is_of_nobody_but_the_caller() {
    let shop = shop().await;
    let export = shop.collecting().await;
    shop.rest(&export, &[Keeper::Basket]).await;
    shop.collect(&export, "basket", 0, true, json!([{}])).await;
    shop.client.get("/me/export").await.expect(200);
    assert_eq!(shop.client.customer("grace").get("/me/export").await.expect(202).body["userName"], "grace");
    shop.client.nobody().get("/me/export").await.expect(401);
    for name_of_our_own in ["erased", "checkout", "\u{fc}nal"] {
        shop.client.customer(name_of_our_own).get("/me/export").await.expect(404);
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_kept_comes_again() {
    let shop = shop().await;
    let export = shop.collecting().await;
    let basket = part(&export, "basket", 0, true, &json!([{}]));
    shop.faults.add(Rule::new(Fault::ServerError).on("TransactWriteItems"));
    assert!(!shop.deliver("CustomerDataCollected", &basket).await);
    shop.faults.clear();
    shop.faults.add(Rule::new(Fault::Conflict).on("TransactWriteItems").times(2));
    assert!(shop.deliver("CustomerDataCollected", &basket).await);
    assert!(!shop.deliver("CustomerMoved", &basket).await, "what is not known is not acknowledged");
}

#[tokio::test]
async fn the_sample_request_of_the_gateway_and_the_sample_part_are_understood() {
    let shop = shop().await;
    let answer = shop.client.invoke(include_str!("../../events/customer-api.json")).await.expect(202);
    assert_eq!(answer.body["userName"], "swn");
    let part = serde_json::from_str(include_str!("../../events/customer-parts.json")).unwrap();
    assert!(shop.deliver_batch(&part).await);
}
