//! Order tests against their real table, on the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod checkout;
mod customers;
mod faults;
mod fulfilment;
mod growth;
mod routes;
mod topic_relay;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::dynamodb::item::{Item, key};
use ordering::api::router;
use ordering::checkout::CheckoutHandler;
use ordering::store::OrderStore;
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Client, customer_id, deliver};

const SAMPLE: &str = include_str!("../../events/ordering-on-checkout.json");

/// An ordering service with an empty table.
struct Shop {
    /// Signed in as staff.
    client: Client,
    dynamodb: aws_sdk_dynamodb::Client,
    checkouts: CheckoutHandler,
}

async fn shop() -> Shop {
    let account = Account::new();
    shop_of(&account, &account).await
}

/// The same, with a proxy between the service and its table.
async fn faulty_shop() -> (Shop, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    (shop_of(&account, &account.behind(&faults)).await, faults)
}

async fn shop_of(account: &Account, of_service: &Account) -> Shop {
    account.table("ORDER_TABLE").await;
    let orders = OrderStore::new(of_service.known_table("ORDER_TABLE"));
    let dynamodb = account.aws().dynamodb();
    Shop { client: Client::new(router(orders.clone())), dynamodb, checkouts: CheckoutHandler::new(orders) }
}

impl Shop {
    /// Delivers a batch of queue messages and returns the ids of those that failed.
    async fn deliver(&self, messages: &[Value]) -> Vec<String> {
        deliver(&self.checkouts, json!({ "Records": messages })).await
    }

    /// Claims an order, as fulfilment does.
    async fn claim(&self, user: &str, id: &str) {
        let update = self.dynamodb.update_item().table_name("ORDER_TABLE");
        let update = update
            .set_key(Some(key([("customerId", customer_id(user)), ("orderId", id.to_owned())])))
            .update_expression("SET claimedAt = :at")
            .expression_attribute_values(":at", AttributeValue::S("2026-01-31T12:00:02.000Z".to_owned()));
        update.send().await.unwrap();
    }

    async fn orders(&self) -> usize {
        self.rows().await.len()
    }

    /// The rows of orders, without those of owners.
    async fn rows(&self) -> Vec<Item> {
        let items = self.dynamodb.scan().table_name("ORDER_TABLE").send().await.unwrap().items.unwrap();
        items.into_iter().filter(|row| row.contains_key("orderDate")).collect()
    }
}

/// The sample message, with its event changed.
fn message(id: &str, change: impl FnOnce(&mut Value)) -> Value {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut message = sample["Records"][0].clone();
    let mut envelope: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    change(&mut envelope["detail"]["data"]);
    message["messageId"] = json!(id);
    message["body"] = json!(envelope.to_string());
    message
}

/// The message of a numbered order of one user.
fn order(user: &str, number: usize) -> Value {
    message(&format!("m-{number}"), |data| {
        data["customerId"] = json!(customer_id(user));
        data["userName"] = json!(user);
        // A UUID v7 starts with its time: each order is one second later than the previous one.
        let millis = 1_769_860_800_000_u64 + 1000 * u64::try_from(number).unwrap();
        let hex = format!("{millis:012x}");
        data["orderId"] = json!(format!("{}-{}-7000-8000-{number:012}", &hex[..8], &hex[8..]));
    })
}
