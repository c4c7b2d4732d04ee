//! Stock in the catalogue, which is not a change of the product.

use futures::future::join_all;
use product::api::router;
use product::stock_changed::StockHandler;
use product::store::ProductStore;
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Client, deliver};
use uuid::Uuid;

use crate::{create, path, phone};

struct Shop {
    catalogue: Client,
    stock: StockHandler,
    faults: FaultProxy,
}

async fn shop() -> Shop {
    let account = Account::new();
    let faults = account.faults().await;
    account.table("PRODUCT_TABLE").await;
    let products = ProductStore::new(account.behind(&faults).known_table("PRODUCT_TABLE"));
    let catalogue = Client::new(router(products.clone(), "USD".parse().unwrap()));
    Shop { catalogue, stock: StockHandler::new(products), faults }
}

impl Shop {
    /// Delivers a stock event and returns whether it was acknowledged.
    async fn handle(&self, product: &Value, on_hand: u64, version: u64) -> bool {
        let metadata = json!({
            "eventId": Uuid::now_v7(), "version": 1, "correlationId": "c-1", "occurredAt": "2026-01-31T12:00:00.000Z",
        });
        let data =
            json!({ "productId": product["id"], "onHand": on_hand, "reserved": 0, "version": version });
        let body = json!({
            "source": "shop.inventory", "detail-type": "StockChanged", "detail": { "metadata": metadata, "data": data },
        });
        let event = json!({ "Records": [{ "messageId": "m-1", "body": body.to_string() }] });
        self.deliver(event).await
    }

    async fn deliver(&self, event: Value) -> bool {
        deliver(&self.stock, event).await.is_empty()
    }

    async fn read(&self, product: &Value) -> Value {
        self.catalogue.get(&path(product)).await.expect(200).body
    }
}

#[tokio::test]
async fn a_product_shows_how_many_units_can_be_sold_once_any_came_in() {
    let shop = shop().await;
    let product = create(&shop.catalogue, phone()).await;
    assert_eq!(shop.read(&product).await.get("available"), None);
    assert!(shop.handle(&product, 12, 1).await);
    assert_eq!(shop.read(&product).await["available"], 12);
    assert!(shop.handle(&product, 0, 2).await);
    for list in ["/product", "/product?category=Phone"] {
        let page = shop.catalogue.get(list).await.expect(200).body;
        assert_eq!(page["items"][0]["available"], 0);
    }
}

#[tokio::test]
async fn older_stock_events_are_ignored() {
    let shop = shop().await;
    let product = create(&shop.catalogue, phone()).await;
    for (on_hand, version) in [(30, 3), (10, 1), (20, 2), (99, 3)] {
        assert!(shop.handle(&product, on_hand, version).await, "an old event is no fault");
        assert_eq!(shop.read(&product).await["available"], 30);
    }
    assert!(shop.handle(&product, 5, 10).await);
    assert_eq!(shop.read(&product).await["available"], 5);
}

#[tokio::test]
async fn stock_is_no_change_of_the_product() {
    let shop = shop().await;
    let product = create(&shop.catalogue, phone()).await;
    shop.handle(&product, 12, 1).await;
    let mut there = shop.read(&product).await;
    there.as_object_mut().unwrap().remove("available");
    assert_eq!(there, product);
    // An editor who read the product earlier gets no version conflict.
    let if_match = [("if-match", "\"1\"")];
    let changed =
        shop.catalogue.send("PATCH", &path(&product), &if_match, r#"{"price": 1}"#).await.expect(200).body;
    assert_eq!((&changed["version"], &changed["available"]), (&json!(2), &json!(12)));
    assert_eq!(shop.read(&product).await, changed);
    // Stock in a product that an editor sends back is ignored.
    let sent =
        json!({ "name": "IPhone X", "category": "Phone", "price": 2, "available": 99, "stockVersion": 99 });
    let put = shop.catalogue.send("PUT", &path(&product), &[], sent).await.expect(200).body;
    assert_eq!(put["available"], 12);
    assert_eq!(put.get("description"), None);
    assert!(shop.handle(&product, 11, 2).await);
    assert_eq!(shop.read(&product).await["available"], 11);
}

#[tokio::test]
async fn changes_of_a_product_and_of_its_stock_do_not_undo_each_other() {
    let shop = shop().await;
    let product = create(&shop.catalogue, phone()).await;
    let stock = join_all((1..=20).map(|version| shop.handle(&product, 100 - version, version)));
    let path = path(&product);
    let prices = join_all((1..=20).map(|_| shop.catalogue.send("PATCH", &path, &[], r#"{"price": 7}"#)));
    let (handled, changed) = futures::join!(stock, prices);
    assert!(handled.into_iter().all(|handled| handled));
    assert!(changed.into_iter().all(|changed| changed.status == 200));
    let there = shop.read(&product).await;
    assert_eq!((&there["available"], &there["version"]), (&json!(80), &json!(21)));
}

#[tokio::test]
async fn the_warehouse_brings_no_product_into_the_catalogue() {
    let shop = shop().await;
    let product = create(&shop.catalogue, phone()).await;
    shop.catalogue.send("DELETE", &path(&product), &[], "").await.expect(204);
    assert!(shop.handle(&product, 12, 1).await);
    shop.catalogue.get(&path(&product)).await.expect(404);
    assert_eq!(shop.catalogue.get("/product").await.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn stock_events_that_fail_are_redelivered() {
    let shop = shop().await;
    let product = create(&shop.catalogue, phone()).await;
    shop.faults.add(Rule::new(Fault::Throttle).on("UpdateItem"));
    assert!(!shop.handle(&product, 12, 1).await);
    shop.faults.clear();
    shop.faults.add(Rule::new(Fault::LoseAnswer).on("UpdateItem").times(1));
    assert!(shop.handle(&product, 12, 1).await);
    assert_eq!(shop.read(&product).await["available"], 12);
    assert!(!shop.deliver(json!({ "Records": [{ "messageId": "m-1", "body": "poison" }] })).await);
}

#[tokio::test]
async fn the_sample_event_is_taken_over() {
    let shop = shop().await;
    assert!(
        shop.deliver(serde_json::from_str(include_str!("../../events/product-on-stock.json")).unwrap()).await
    );
}
