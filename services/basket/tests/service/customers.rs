//! Export and erasure of a customer's basket.

use basket::privacy::BasketData;
use basket::store::BasketStore;
use lambdakit::messaging::publish::Publisher;
use serde_json::{Value, json};
use shopkit::privacy::PrivacyHandler;
use testkit::faults::{Fault, FaultProxy, Rule};
use testkit::{Account, Bus, customer_id, deliver};

use crate::{Shop, shop_of};

const EXPORT: &str = include_str!("../../events/basket-on-privacy.json");

/// A basket service with a bus, and a proxy between it and both.
struct Counter {
    shop: Shop,
    bus: Bus,
    requests: PrivacyHandler<BasketData>,
    faults: FaultProxy,
}

/// A basket service, and a basket of `swn` with one product.
async fn counter() -> Counter {
    let account = Account::new();
    let faults = account.faults().await;
    let of_service = account.behind(&faults);
    let shop = shop_of(&account, &of_service).await;
    let bus = account.bus().await;
    let baskets = BasketStore::new(of_service.known_table("BASKET_TABLE"));
    let publisher = Publisher::new(of_service.aws().eventbridge(), bus.name());
    let requests = PrivacyHandler::new(BasketData::new(baskets), publisher);
    let phone = shop.product("IPhone X", "950.40").await;
    let item = json!({ "productId": phone, "quantity": 2, "color": "Red" });
    shop.client.post("/basket/swn/items", item).await.expect(200);
    Counter { shop, bus, requests, faults }
}

impl Counter {
    async fn deliver(&self, sample: &str) -> bool {
        deliver(&self.requests, sample).await.is_empty()
    }

    async fn in_basket(&self) -> usize {
        let basket = self.shop.client.get("/basket/swn").await.expect(200).body;
        basket["items"].as_array().unwrap().len()
    }
}

fn erasure() -> String {
    EXPORT.replace("CustomerExportRequested", "CustomerErasureRequested").replace("exportId", "erasureId")
}

#[tokio::test]
async fn an_export_hands_the_basket_over_and_leaves_it() {
    let counter = counter().await;
    assert!(counter.deliver(EXPORT).await);
    let event = counter.bus.events(1).await.remove(0);
    assert_eq!(event["source"], "shop.basket");
    assert_eq!(event["detail-type"], "CustomerDataCollected");
    let data = &event["detail"]["data"];
    assert_eq!(data["holder"], "basket");
    assert_eq!((&data["part"], &data["last"]), (&json!(0), &json!(true)));
    assert_eq!(data["items"][0]["userName"], "swn");
    assert_eq!(data["items"][0]["items"][0]["color"], "Red");
    assert_eq!(counter.in_basket().await, 1);
}

#[tokio::test]
async fn an_erasure_empties_the_basket_however_often_it_comes() {
    let counter = counter().await;
    assert!(counter.deliver(&erasure()).await);
    assert_eq!(counter.in_basket().await, 0);
    assert!(counter.deliver(&erasure()).await);
    let events = counter.bus.events(2).await;
    let identity =
        |event: &Value| (event["detail-type"].clone(), event["detail"]["metadata"]["eventId"].clone());
    assert_eq!(identity(&events[0]), identity(&events[1]));
    assert_eq!(identity(&events[0]).0, "CustomerDataErased");
}

#[tokio::test]
async fn a_request_that_fails_comes_again() {
    let counter = counter().await;
    for operation in ["PutItem", "GetItem", "PutEvents"] {
        counter.faults.add(Rule::new(Fault::ServerError).on(operation));
        assert!(!counter.deliver(&erasure()).await, "{operation}");
        counter.faults.clear();
    }
    assert!(counter.deliver(&erasure()).await);
    assert_eq!(counter.in_basket().await, 0);
    assert_eq!(counter.bus.events(1).await.len(), 1, "what was not done was not published");
}

#[tokio::test]
async fn a_late_erasure_of_the_first_owner_of_a_name_leaves_the_basket_of_the_next() {
    let counter = counter().await;
    assert!(counter.deliver(&erasure()).await);
    let second = counter.shop.client.customer_with_id("swn", "5c0f9a1e-2b34-4c1d-9e7f-8a6b5c4d3e2f");
    let phone = counter.shop.product("IPhone X", "950.40").await;
    second.post("/basket/swn/items", json!({ "productId": phone, "quantity": 1 })).await.expect(200);
    assert!(counter.deliver(&erasure()).await);
    assert!(counter.deliver(EXPORT).await);
    assert_eq!(second.get("/basket/swn").await.body["items"].as_array().unwrap().len(), 1);
    let events = counter.bus.events(3).await;
    let exported = events.iter().find(|event| event["detail-type"] == "CustomerDataCollected").unwrap();
    assert_eq!(exported["detail"]["data"]["items"], json!([]), "nothing of the next owner's");
}

#[tokio::test]
async fn a_basket_of_an_erased_customer_stays_empty() {
    // A customer with a basket, and one without.
    for user in ["swn", "grace"] {
        let counter = counter().await;
        let client = &counter.shop.client;
        let phone = counter.shop.product("IPhone X", "950.40").await;
        let item = json!({ "productId": phone, "quantity": 1 });
        let own = client.customer(user);
        assert!(counter.deliver(&erasure().replace(&customer_id("swn"), &customer_id(user))).await);
        let refused = own.post(&format!("/basket/{user}/items"), item.clone()).await.expect(410);
        assert_eq!(refused.body["type"], "urn:problem-type:customer-erased");
        own.post("/basket", json!({ "userName": user, "items": [item] })).await.expect(410);
        own.send("DELETE", &format!("/basket/{user}"), &[], "").await.expect(204);
        assert_eq!(own.get(&format!("/basket/{user}")).await.expect(200).body["items"], json!([]));
    }
}
