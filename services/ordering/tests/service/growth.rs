use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ordering::api::router;
use ordering::store::OrderStore;
use testkit::{Account, Client, Meter, seed};

use crate::{order, shop};

/// The item of an order that the consumer placed.
async fn placed() -> HashMap<String, AttributeValue> {
    let shop = shop().await;
    assert!(shop.deliver(&[order("swn", 1)]).await.is_empty());
    shop.rows().await.remove(0)
}

/// The read capacity units of two pages of each list when one user has this many orders.
async fn cost_of_pages(template: &HashMap<String, AttributeValue>, count: u64) -> Vec<f64> {
    let account = Account::new();
    let (table, meter) = (account.table("ORDER_TABLE").await, Meter::default());
    let orders = (0..count).map(|number| {
        let mut item = template.clone();
        let id = format!("019c1430-{number:04x}-7000-8000-000000000000");
        item.insert("orderId".to_owned(), AttributeValue::S(id));
        item
    });
    seed(&table, orders).await;
    let client = Client::new(router(OrderStore::new(meter.watch(&table))));
    for list in ["/order?limit=20", "/order?status=PENDING&limit=20", "/order/swn?limit=20"] {
        let page = client.get(list).await.expect(200).body;
        assert_eq!(page["items"].as_array().unwrap().len(), 20);
        let next = format!("{list}&cursor={}", page["nextCursor"].as_str().unwrap());
        client.get(&next).await.expect(200);
    }
    meter.take()
}

#[tokio::test]
async fn a_page_costs_the_same_among_a_thousand_orders_of_one_user_as_among_a_hundred() {
    let template = placed().await;
    let few = cost_of_pages(&template, 100).await;
    assert_eq!(few.len(), 6, "one call a page, besides the batch that reads the items of an index");
    assert!(few.iter().all(|units| *units > 0.0));
    assert_eq!(cost_of_pages(&template, 1000).await, few);
}
