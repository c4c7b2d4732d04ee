use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use testkit::customer_id;
use testkit::faults::{Fault, Rule};

use crate::{HOLDERS, Shop, shop};

/// The default run id of a holder.
const RUN: &str = "019c1430-4400-7000-8000-0000000000a1";
const OTHER_RUN: &str = "019c1430-4400-7000-8000-0000000000a2";

/// A part of an export, as a holder sends it.
fn part(export: &Value, holder: &str, run: &str, number: u32, last: bool, items: &Value) -> Value {
    json!({
        "customerId": export["customerId"], "exportId": export["requestId"], "holder": holder, "runId": run,
        "part": number, "last": last, "items": items,
    })
}

impl Shop {
    async fn collect(&self, export: &Value, holder: &str, number: u32, last: bool, items: Value) {
        self.collect_in(RUN, export, holder, number, last, items).await;
    }

    async fn collect_in(
        &self,
        run: &str,
        export: &Value,
        holder: &str,
        number: u32,
        last: bool,
        items: Value,
    ) {
        let part = part(export, holder, run, number, last, &items);
        assert!(self.deliver("CustomerDataCollected", &part).await);
    }

    /// All holders but these report that they have no data.
    async fn rest(&self, export: &Value, but: &[&str]) {
        for holder in HOLDERS.into_iter().filter(|holder| !but.contains(holder)) {
            self.collect(export, holder, 0, true, json!([])).await;
        }
    }

    /// An export that is in progress.
    async fn collecting(&self) -> Value {
        let answer = self.client.get("/me/export").await.expect(202);
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(answer.body["status"], "COLLECTING");
        answer.body
    }
}

#[tokio::test]
async fn an_export_is_whole_when_all_parts_of_all_holders_have_arrived_in_whatever_order() {
    let shop = shop().await;
    let export = shop.collecting().await;
    shop.collect(&export, "ordering", 1, true, json!([{ "orderId": "b" }])).await;
    shop.collecting().await;
    shop.collect(&export, "notification", 0, true, json!([{ "kind": "MAIL" }])).await;
    shop.collecting().await;
    shop.rest(&export, &["basket", "ordering", "notification"]).await;
    shop.collect(&export, "basket", 0, true, json!([{ "items": [] }])).await;
    shop.collecting().await;
    shop.collect(&export, "ordering", 0, false, json!([{ "orderId": "a", "totalPrice": 950.4 }])).await;
    let whole = shop.client.get("/me/export").await.expect(200);
    assert_eq!(
        whole.body,
        json!({
            "customerId": customer_id("swn"),
            "requestId": export["requestId"],
            "requestedAt": export["requestedAt"],
            "account": { "userName": "swn" },
            "data": {
                "basket": [{ "items": [] }],
                "realtime": [],
                "notification": [{ "kind": "MAIL" }],
                "ordering": [{ "orderId": "a", "totalPrice": 950.4 }, { "orderId": "b" }],
            },
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
        shop.rest(&export, &["basket", "ordering"]).await;
    }
    let whole = shop.client.get("/me/export").await.expect(200).body;
    assert_eq!(whole["data"]["ordering"], json!([{ "orderId": "a" }]));
}

#[tokio::test]
async fn an_export_in_many_parts_comes_in_pages() {
    let shop = shop().await;
    let export = shop.collecting().await;
    for number in 0..30 {
        shop.collect(&export, "ordering", number, number == 29, json!([{ "orderId": number }])).await;
    }
    shop.collect(&export, "basket", 0, true, json!([{}])).await;
    shop.rest(&export, &["basket", "ordering"]).await;
    let first = shop.client.get("/me/export").await.expect(200).body;
    assert_eq!(first["data"]["basket"], json!([{}]));
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = shop.client.get(&format!("/me/export?cursor={cursor}")).await.expect(200).body;
    assert!(second["data"].get("basket").is_none() && second.get("nextCursor").is_none());
    let ids = [&first, &second].map(|page| page["data"]["ordering"].as_array().unwrap().clone()).concat();
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
        .table_name("PRIVACY_TABLE")
        .key("customerId", AttributeValue::S(customer_id("swn")))
        .key("item", AttributeValue::S("export".to_owned()))
        .update_expression("SET expiresAt = :past")
        .expression_attribute_values(":past", AttributeValue::N("1".to_owned()));
    update.send().await.unwrap();
    let next = shop.collecting().await;
    assert_ne!(next["requestId"], export["requestId"]);
    // Parts of the old export are dropped.
    shop.collect(&export, "basket", 0, true, json!([{}])).await;
    shop.rest(&next, &["basket"]).await;
    shop.collecting().await;
    let parts = shop.rows().await.iter().filter(|row| row.contains("part#")).count();
    assert_eq!(parts, HOLDERS.len() - 1);
}

#[tokio::test]
async fn an_export_is_of_nobody_but_the_caller() {
    let shop = shop().await;
    let export = shop.collecting().await;
    shop.rest(&export, &["basket"]).await;
    shop.collect(&export, "basket", 0, true, json!([{}])).await;
    shop.client.get("/me/export").await.expect(200);
    let of_grace = shop.client.customer("grace").get("/me/export").await.expect(202).body;
    assert_eq!(of_grace["customerId"], customer_id("grace"));
    shop.client.nobody().get("/me/export").await.expect(401);
    for name_of_our_own in ["erased", "checkout", "\u{fc}nal"] {
        shop.client.customer(name_of_our_own).get("/me/export").await.expect(404);
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_kept_comes_again() {
    let shop = shop().await;
    let export = shop.collecting().await;
    let basket = part(&export, "basket", RUN, 0, true, &json!([{}]));
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
    let answer = shop.client.invoke(include_str!("../../events/privacy-api.json")).await.expect(202);
    assert_eq!(answer.body["customerId"], customer_id("swn"));
    let part = serde_json::from_str(include_str!("../../events/privacy-on-event.json")).unwrap();
    assert!(shop.deliver_batch(&part).await);
}

#[tokio::test]
async fn parts_of_two_runs_never_make_one_export() {
    let shop = shop().await;
    let export = shop.collecting().await;
    shop.rest(&export, &["ordering"]).await;
    // The first run failed after one part. The second had one more order and other parts.
    shop.collect_in(RUN, &export, "ordering", 0, false, json!([{ "orderId": "a" }])).await;
    shop.collect_in(OTHER_RUN, &export, "ordering", 1, true, json!([{ "orderId": "b" }, { "orderId": "c" }]))
        .await;
    shop.collecting().await;
    shop.collect_in(OTHER_RUN, &export, "ordering", 0, false, json!([{ "orderId": "z" }])).await;
    let whole = shop.client.get("/me/export").await.expect(200).body;
    let expected = json!([{ "orderId": "z" }, { "orderId": "b" }, { "orderId": "c" }]);
    assert_eq!(whole["data"]["ordering"], expected);
    // Late parts of another run add nothing and leave nothing behind.
    let rows = shop.rows().await.len();
    shop.collect_in(RUN, &export, "ordering", 1, true, json!([{ "orderId": "b" }])).await;
    assert_eq!(shop.client.get("/me/export").await.expect(200).body, whole);
    assert_eq!(shop.rows().await.len(), rows);
}

#[tokio::test]
async fn a_service_that_holds_data_later_is_not_waited_for() {
    let shop = shop().await;
    let export = shop.collecting().await;
    shop.collect(&export, "a-service-of-later", 0, true, json!([{}])).await;
    shop.rest(&export, &[]).await;
    let whole = shop.client.get("/me/export").await.expect(200).body;
    assert_eq!(whole["data"].as_object().unwrap().len(), HOLDERS.len() + 1);
}

#[tokio::test]
async fn staff_ask_for_an_export_by_id() {
    let shop = shop().await;
    let path = format!("/customer/{}", customer_id("swn"));
    let export = shop.staff.get(&path).await.expect(202).body;
    shop.rest(&export, &[]).await;
    let whole = shop.staff.get(&path).await.expect(200).body;
    assert_eq!((&whole["requestId"], whole.get("account")), (&export["requestId"], None));
    shop.client.get(&path).await.expect(403);
    assert_eq!(shop.staff.get("/customer/swn").await.expect(422).fields_at_fault(), ["customerId"]);
}
