//! Search service tests against its real table, on the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod find;
mod growth;
mod input;
mod update;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::dynamodb::item::Item;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use search::api::router;
use search::product_event::IndexHandler;
use search::store::SearchStore;
use search::terms::Terms;
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Client, deliver};
use uuid::Uuid;

const TABLE: &str = "SEARCH_TABLE";

/// A search with an empty table, and a proxy between the two.
struct Search {
    client: Client,
    handler: IndexHandler,
    dynamodb: aws_sdk_dynamodb::Client,
    faults: FaultProxy,
}

async fn search() -> Search {
    let account = Account::new();
    let faults = account.faults().await;
    account.table(TABLE).await;
    let store = SearchStore::new(account.patiently_behind(&faults).known_table(TABLE));
    Search {
        client: Client::new(router(store.clone())).nobody(),
        handler: IndexHandler::new(store),
        dynamodb: account.aws().dynamodb(),
        faults,
    }
}

impl Search {
    /// Delivers events and returns the ids of those that are redelivered.
    async fn deliver(&self, messages: &[Value]) -> Vec<String> {
        deliver(&self.handler, json!({ "Records": messages })).await
    }

    /// Indexes a product and returns its id.
    async fn index(&self, name: &str, category: &str, description: &str) -> String {
        let id = Uuid::now_v7().to_string();
        self.handled(&created(&id, name, category, description)).await;
        id
    }

    async fn handled(&self, message: &Value) {
        assert_eq!(self.deliver(std::slice::from_ref(message)).await, Vec::<String>::new());
    }

    /// The names that a query finds, on one page.
    async fn names(&self, query: &str) -> Vec<String> {
        let page = self.page(&format!("q={}&limit=100", encoded(query))).await;
        assert_eq!(page.get("nextCursor"), None, "{query}");
        names(&page)
    }

    async fn page(&self, parameters: &str) -> Value {
        self.client.get(&format!("/search?{parameters}")).await.expect(200).body
    }

    async fn items(&self) -> Vec<Item> {
        let mut pages = self.dynamodb.scan().table_name(TABLE).into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.unwrap());
        }
        items
    }

    /// Asserts that there are the postings of the products in the table, and no others.
    async fn postings_are_those_of_the_products(&self) {
        let items = self.items().await;
        let text = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
        let (postings, rows): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| text(item, "item").starts_with("list#"));
        let there: BTreeSet<_> =
            postings.iter().map(|item| (text(item, "item"), text(item, "sort"))).collect();
        let mut expected = BTreeSet::new();
        for row in rows {
            assert!(!row.contains_key("stale"), "{row:?}");
            let Some(AttributeValue::M(indexed)) = row.get("indexed") else { continue };
            let terms: Terms = serde_dynamo::from_attribute_value(indexed["terms"].clone()).unwrap();
            let id = text(row, "item").trim_start_matches("product#").parse().unwrap();
            expected
                .extend(terms.postings(id).into_iter().map(|(list, place)| (format!("list#{list}"), place)));
        }
        assert_eq!(there, expected);
    }
}

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// A text in a query string.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn message(id: &str, detail_type: &str, data: Value) -> Value {
    let metadata = json!({
        "eventId": Uuid::now_v7(), "version": 1, "correlationId": "test", "occurredAt": "2026-01-31T12:00:00.000Z",
    });
    let envelope = json!({
        "detail-type": detail_type, "source": "shop.product", "detail": { "metadata": metadata, "data": data },
    });
    json!({ "messageId": id, "body": envelope.to_string() })
}

fn created(id: &str, name: &str, category: &str, description: &str) -> Value {
    message("created", "ProductCreated", json!({ "product": snapshot(id, name, category, description, 1) }))
}

fn updated(id: &str, name: &str, version: u64) -> Value {
    message("updated", "ProductUpdated", json!({ "product": snapshot(id, name, "Things", "", version) }))
}

fn deleted(id: &str, version: u64) -> Value {
    message("deleted", "ProductDeleted", json!({ "productId": id, "version": version }))
}

fn snapshot(id: &str, name: &str, category: &str, description: &str, version: u64) -> Value {
    json!({
        "id": id, "name": name, "category": category, "description": description,
        "price": 10, "currency": "USD", "version": version,
    })
}
