//! Load above the shop's capacity, and a service that is switched off.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::dynamodb::item::Item;
use lambdakit::dynamodb::table::Table;
use serde_json::{Value, json};
use shop_tests::chaos::{FaultSchedule, hide_messages_for};
use shop_tests::{Shop, eventually};
use testkit::{Account, seed};
use uuid::Uuid;

use crate::HIDDEN_SECONDS;

const SAMPLE: &str = include_str!("../../services/basket/events/basket-publisher.json");

/// Checkouts, as the basket service stores them in its outbox.
fn checkouts(user: &str, count: usize) -> Vec<Item> {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let row = &sample["Records"][0]["dynamodb"]["NewImage"];
    (0..count)
        .map(|_| {
            let mut detail: Value = serde_json::from_str(row["detail"]["S"].as_str().unwrap()).unwrap();
            let order = Uuid::now_v7().to_string();
            detail["data"]["orderId"] = json!(order);
            detail["data"]["customerId"] = json!(testkit::customer_id(user));
            detail["data"]["userName"] = json!(user);
            HashMap::from([
                ("orderId".to_owned(), AttributeValue::S(order)),
                ("detail".to_owned(), AttributeValue::S(detail.to_string())),
                ("expiresAt".to_owned(), AttributeValue::N("4102444800".to_owned())),
            ])
        })
        .collect()
}

fn write(shop: &Shop, items: Vec<Item>) {
    let table =
        Table::new(Account::of_the_shop().aws().dynamodb(), shop.output("/tables/checkout").to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(seed(&table, items));
}

/// The ids of a customer's orders.
fn orders(shop: &Shop, user: &str) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), format!("/order/{user}?limit=100"));
    loop {
        let page = shop.get(&next).expect(200).body;
        ids.extend(page["items"].as_array().unwrap().iter().map(|order| order["orderId"].to_string()));
        let Some(cursor) = page["nextCursor"].as_str() else { return ids };
        next = format!("/order/{user}?limit=100&cursor={cursor}");
    }
}

fn wait_for_orders(shop: &Shop, user: &str, count: usize) {
    eventually(&format!("{count} orders"), || (orders(shop, user).len() >= count).then_some(()));
    let ids = orders(shop, user);
    assert_eq!(ids.len(), count);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), count);
}

/// Sets the reserved concurrency of a function; `None` uses the account's concurrency.
fn limit(shop: &Shop, function: &str, copies: Option<u32>) {
    let name = shop.output(&format!("/functions/{function}"));
    let url = format!("{}/2017-10-31/functions/{name}/concurrency", shop.output("/endpoint"));
    let done = match copies {
        Some(copies) => ureq::put(&url).send_json(json!({ "ReservedConcurrentExecutions": copies })),
        None => ureq::delete(&url).call(),
    };
    assert!(done.unwrap().status().is_success());
}

/// Waits until all orders of this user are rejected: their product was never received.
fn wait_for_rejections(shop: &Shop, user: &str) {
    eventually("the end of all orders", || {
        let orders = shop.get(&format!("/order/{user}?limit=100")).expect(200).body;
        orders["items"].as_array().unwrap().iter().all(|order| order["status"] == "REJECTED").then_some(())
    });
}

#[test]
fn a_burst_of_checkouts_drains_through_one_copy_of_the_consumer() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (shop, _proxy) = (Shop::new(), FaultSchedule::without_faults(0));
    let user = format!("burst-{}", Uuid::now_v7());
    limit(&shop, "ordering-on-checkout", Some(1));
    write(&shop, checkouts(&user, 100));
    wait_for_orders(&shop, &user, 100);
    limit(&shop, "ordering-on-checkout", None);
    wait_for_rejections(&shop, &user);
}

#[test]
fn a_consumer_that_is_switched_off_loses_nothing_and_catches_up() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (shop, _proxy) = (Shop::new(), FaultSchedule::without_faults(0));
    let user = format!("off-{}", Uuid::now_v7());
    // The waiting time is configurable; the test only needs messages to wait.
    let seconds = std::env::var("FERROCART_OFF_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    // A message that is received but cannot be processed counts as a delivery attempt.
    hide_messages_for(&shop, HIDDEN_SECONDS.max(seconds));
    limit(&shop, "ordering-on-checkout", Some(0));
    write(&shop, checkouts(&user, 50));
    std::thread::sleep(Duration::from_secs(seconds));
    assert_eq!(orders(&shop, &user).len(), 0);
    limit(&shop, "ordering-on-checkout", None);
    hide_messages_for(&shop, HIDDEN_SECONDS);
    wait_for_orders(&shop, &user, 50);
    wait_for_rejections(&shop, &user);
}
