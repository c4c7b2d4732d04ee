//! The cost of a query does not depend on the size of the catalogue.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::dynamodb::item::Item;
use search::api::router;
use search::product_event::IndexHandler;
use search::store::SearchStore;
use testkit::{Account, Client, Meter, seed};
use uuid::Uuid;

use crate::created;

/// The lists that the queries read.
const LISTS: [&str; 3] = ["list#p", "list#produc", "list#usual"];

/// The items of a catalogue of this size, as the service itself writes those of one product.
async fn items(count: u64, account: &Account) -> impl Iterator<Item = Item> {
    let store = SearchStore::new(account.table("SEARCH_TABLE").await);
    let id = Uuid::now_v7().to_string();
    let handler = IndexHandler::new(store);
    let event = created(&id, "Product xxxxx", "Usual", "Something that everybody needs at home, and often.");
    let batch = serde_json::json!({ "Records": [event] });
    assert!(testkit::deliver(&handler, batch).await.is_empty());
    let scan = account.aws().dynamodb().scan().table_name("SEARCH_TABLE").send().await.unwrap();
    let sample = scan.items.unwrap();
    (0..count).flat_map(move |number| {
        let (old, id) = (id.clone(), Uuid::now_v7().to_string());
        let read = sample.iter().filter(|item| {
            let item = item["item"].as_s().unwrap();
            LISTS.contains(&item.as_str()) || item.starts_with("product#")
        });
        let copies: Vec<Item> = read.map(|item| changed(item, &old, &id, number)).collect();
        copies
    })
}

/// An item of another product.
fn changed(item: &Item, old: &str, id: &str, number: u64) -> Item {
    fn copy(value: &AttributeValue, change: &impl Fn(&str) -> String) -> AttributeValue {
        match value {
            AttributeValue::S(text) => AttributeValue::S(change(text)),
            AttributeValue::M(map) => AttributeValue::M(
                map.iter().map(|(name, member)| (name.clone(), copy(member, change))).collect(),
            ),
            other => other.clone(),
        }
    }
    let change = |text: &str| text.replace(old, id).replace("xxxxx", &format!("{number:05}"));
    item.iter().map(|(name, member)| (name.clone(), copy(member, &change))).collect::<HashMap<_, _>>()
}

/// The read units of each list that some queries read, in a catalogue of this size.
async fn cost_of_queries(count: u64) -> Vec<f64> {
    let account = Account::new();
    let items = items(count, &account).await;
    let (table, meter) = (account.known_table("SEARCH_TABLE"), Meter::default());
    seed(&table, items).await;
    let client = Client::new(router(SearchStore::new(meter.watch(&table)))).nobody();
    for query in ["p", "product", "usual", "product usual"] {
        let path = format!("/search?q={}", query.replace(' ', "+"));
        let page = client.get(&path).await.expect(200).body;
        assert_eq!(page["items"].as_array().unwrap().len(), 20, "{query}");
        let next = format!("{path}&cursor={}", page["nextCursor"].as_str().unwrap());
        client.get(&next).await.expect(200);
    }
    meter.take()
}

#[tokio::test]
async fn a_query_costs_the_same_among_ten_thousand_products_as_among_a_thousand() {
    let few = cost_of_queries(1000).await;
    // One list for a word, and at first two for two words.
    assert_eq!(few.len(), 4 * 2 + 1);
    assert!(few.iter().all(|units| *units > 0.0), "{few:?}");
    assert_eq!(cost_of_queries(10_000).await, few);
}
