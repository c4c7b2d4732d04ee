use std::collections::HashSet;

use domain::product::{Product, ProductDetails};
use domain::{Amount, Timestamp};
use product::api::router;
use product::store::ProductStore;
use testkit::{Account, Client, Meter, seed};

/// Products of two categories.
fn products(count: u64) -> impl Iterator<Item = Product> {
    (0..count).map(|number| {
        let details = ProductDetails {
            name: format!("Product {number:05}").try_into().unwrap(),
            description: None,
            image_file: None,
            category: if number % 2 == 0 { "Even" } else { "Odd" }.parse().unwrap(),
            price: domain::product::Price::from_amount(Amount::from(10), "USD".parse().unwrap()).unwrap(),
        };
        Product::new(details, Timestamp::from_unix_millis(1_769_860_800_000 + number))
    })
}

/// The read capacity units of the first pages of both lists in a catalogue of this size.
async fn cost_of_pages(count: u64) -> Vec<f64> {
    let account = Account::new();
    let (table, meter) = (account.table("PRODUCT_TABLE").await, Meter::default());
    seed(&table, products(count).map(|product| serde_dynamo::to_item(product).unwrap())).await;
    let catalogue = Client::new(router(ProductStore::new(meter.watch(&table)), "USD".parse().unwrap()));
    for list in ["/product?limit=20", "/product?category=Odd&limit=20"] {
        let page = catalogue.get(list).await.expect(200).body;
        assert_eq!(page["items"].as_array().unwrap().len(), 20);
        let next = format!("{list}&cursor={}", page["nextCursor"].as_str().unwrap());
        catalogue.get(&next).await.expect(200);
    }
    let costs = meter.take();
    if count > 1000 {
        every_product_is_on_one_page(&catalogue, count).await;
    }
    costs
}

async fn every_product_is_on_one_page(catalogue: &Client, count: u64) {
    let (mut ids, mut pages, mut next) = (HashSet::new(), 0, "/product?limit=100".to_owned());
    loop {
        let page = catalogue.get(&next).await.expect(200).body;
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
        pages += 1;
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        next = format!("/product?limit=100&cursor={cursor}");
    }
    assert_eq!(ids.len() as u64, count);
    assert!(pages <= count / 100 + 1);
}

#[tokio::test]
async fn a_page_costs_the_same_among_ten_thousand_products_as_among_a_hundred() {
    let few = cost_of_pages(100).await;
    assert_eq!(few.len(), 4, "one call a page");
    assert!(few.iter().all(|units| *units > 0.0));
    assert_eq!(cost_of_pages(10_000).await, few);
}
