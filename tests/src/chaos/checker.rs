use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use testkit::Account;

use super::customer::{Customer, lines};
use super::ledger::{Ledger, Lines};
use super::lock;
use crate::Shop;

/// How long the shop may take to catch up, once nothing fails any more.
const CATCH_UP: Duration = Duration::from_mins(10);

/// An order as the table has it.
struct Order {
    user: String,
    lines: Lines,
    total: u64,
    sum: u64,
}

/// Holds what the customers were told against what the tables hold.
pub(super) fn check(
    shop: &Shop,
    names: &str,
    ledger: &Ledger,
    customers: &[Mutex<Customer>],
    products: &[String],
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let account = Account::of_the_shop();
        catch_up(shop, &account, ledger).await;
        let mut orders = orders(shop, &account).await;
        orders.retain(|_, order| order.user.starts_with(names));
        check_orders(ledger, &orders);
        check_baskets(shop, &account, ledger, customers).await;
        check_prices(shop, ledger, products);
    });
}

/// Waits until every queue is empty, every checkout has its order, or time is up.
async fn catch_up(shop: &Shop, account: &Account, ledger: &Ledger) {
    let started = std::time::Instant::now();
    loop {
        let (waiting, dead) = messages(shop, account).await;
        let checkouts = rows(account, shop.output("/tables/checkout")).await.len();
        let orders = rows(account, shop.output("/tables/order")).await.len();
        if waiting == 0 && checkouts == orders {
            if dead > 0 {
                ledger.violation(format!("{dead} messages in dead-letter queues, and none was poison"));
            }
            println!("caught up after {:?}: {orders} orders", started.elapsed());
            return;
        }
        if started.elapsed() > CATCH_UP {
            ledger.violation(format!(
                "not caught up after {CATCH_UP:?}: {waiting} messages wait, {dead} are dead, {checkouts} checkouts, {orders} orders"
            ));
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// How many messages the queues hold, and how many the dead-letter queues.
async fn messages(shop: &Shop, account: &Account) -> (u64, u64) {
    let (mut waiting, mut dead) = (0, 0);
    for (name, url) in shop.outputs["queues"].as_object().expect("queues") {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let attributes = account.aws().sqs().get_queue_attributes().queue_url(url.as_str().expect("a URL"));
        let attributes =
            attributes.set_attribute_names(Some(names.to_vec())).send().await.expect("attributes");
        let count: u64 = attributes
            .attributes
            .iter()
            .flat_map(HashMap::values)
            .filter_map(|n| n.parse::<u64>().ok())
            .sum();
        if name.ends_with("-dlq") { dead += count } else { waiting += count }
    }
    (waiting, dead)
}

async fn rows(account: &Account, table: &str) -> Vec<Value> {
    let pages = account
        .aws()
        .dynamodb()
        .scan()
        .table_name(table)
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let items = pages.collect::<Result<Vec<_>, _>>().await.expect("the table");
    serde_dynamo::from_items(items).expect("rows")
}

async fn orders(shop: &Shop, account: &Account) -> HashMap<String, Order> {
    let rows = rows(account, shop.output("/tables/order")).await;
    rows.into_iter()
        .map(|row| {
            let minor = |money: &Value| money["minor"].as_u64().unwrap_or_default();
            let of_lines = row["lines"].as_array().cloned().unwrap_or_default();
            let sum = of_lines
                .iter()
                .map(|line| minor(&line["price"]) * line["quantity"].as_u64().unwrap_or_default());
            let order = Order {
                user: row["userName"].as_str().unwrap_or_default().to_owned(),
                lines: lines(&serde_json::json!({ "items": of_lines })),
                total: minor(&row["totalPrice"]),
                sum: sum.sum(),
            };
            (row["orderId"].as_str().unwrap_or_default().to_owned(), order)
        })
        .collect()
}

/// Every accepted checkout is one order, with the lines and the total that the customer was told;
/// and there is no order that nobody asked for.
fn check_orders(ledger: &Ledger, orders: &HashMap<String, Order>) {
    let mut unexplained: HashMap<&String, &Order> = orders.iter().collect();
    let (told, untold): (Vec<_>, Vec<_>) =
        ledger.checkouts().into_iter().partition(|checkout| checkout.receipt.is_some());
    for checkout in told {
        let (id, total) = checkout.receipt.unwrap_or_default();
        match unexplained.remove(&id) {
            None => ledger
                .violation(format!("{}: the accepted order {id} is lost, or was told twice", checkout.user)),
            Some(order) => {
                if order.user != checkout.user || order.lines != checkout.lines {
                    ledger.violation(format!(
                        "{}: order {id} holds {:?}, not {:?}",
                        checkout.user, order.lines, checkout.lines
                    ));
                }
                if minor(&total) != Some(order.total) {
                    ledger.violation(format!(
                        "{}: order {id} costs {}, the customer was told {total}",
                        checkout.user, order.total
                    ));
                }
            }
        }
    }
    for checkout in untold {
        let explains = |order: &&Order| order.user == checkout.user && order.lines == checkout.lines;
        let found = unexplained.iter().find(|(_, order)| explains(order)).map(|(id, _)| *id);
        if found.and_then(|id| unexplained.remove(id)).is_none() {
            ledger.violation(format!("{}: the basket is gone and no order came of it", checkout.user));
        }
    }
    for (id, order) in unexplained {
        ledger.violation(format!("{}: order {id} was never accepted", order.user));
    }
    for (id, order) in orders {
        if order.sum != order.total {
            ledger.violation(format!("order {id}: the lines cost {}, the order {}", order.sum, order.total));
        }
    }
}

/// No line of a basket is lost or doubled.
async fn check_baskets(shop: &Shop, account: &Account, ledger: &Ledger, customers: &[Mutex<Customer>]) {
    let baskets: HashMap<String, Lines> = rows(account, shop.output("/tables/basket"))
        .await
        .into_iter()
        .map(|row| {
            let basket = serde_json::json!({ "items": row["lines"] });
            (row["userName"].as_str().unwrap_or_default().to_owned(), lines(&basket))
        })
        .collect();
    for customer in customers {
        let customer = lock(customer);
        let kept = baskets.get(customer.user()).cloned().unwrap_or_default();
        if kept != *customer.basket() {
            ledger.violation(format!(
                "{}: the basket holds {kept:?}, not {:?}",
                customer.user(),
                customer.basket()
            ));
        }
    }
}

/// Baskets know the price that the catalogue has.
fn check_prices(shop: &Shop, ledger: &Ledger, products: &[String]) {
    for product in products {
        let user = format!("checker-{product}");
        let basket =
            serde_json::json!({ "userName": user, "items": [{ "productId": product, "quantity": 1 }] });
        let known = shop.post("/basket", basket).expect(200).body["items"][0]["price"].clone();
        let price = shop.get(&format!("/product/{product}")).expect(200).body["price"].clone();
        if known != price {
            ledger.violation(format!("product {product}: baskets say {known}, the catalogue {price}"));
        }
        shop.send("DELETE", &format!("/basket/{user}"), &[], "").expect(204);
    }
}

/// `12.34` in minor units.
fn minor(total: &str) -> Option<u64> {
    let (whole, fraction) = total.split_once('.')?;
    (fraction.len() == 2).then(|| format!("{whole}{fraction}").parse().ok())?
}
