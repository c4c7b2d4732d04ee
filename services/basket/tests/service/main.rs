//! Basket and checkout tests against their real tables, on the local AWS.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod baskets;
mod checkout;
mod customers;
mod faults;
mod idempotency;
mod input;
mod outbox;
mod prices;

use basket::api::router;
use basket::checkout::CheckoutService;
use basket::product_event::PriceHandler;
use basket::store::{BasketStore, CheckoutStore, PriceStore};
use lambdakit::idempotency::IdempotencyStore;
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Client, deliver};
use uuid::Uuid;

/// A basket service with empty tables.
struct Shop {
    /// Signed in as the customer `swn`.
    client: Client,
    staff: Client,
    dynamodb: aws_sdk_dynamodb::Client,
    catalogue: PriceHandler,
}

async fn shop() -> Shop {
    let account = Account::new();
    shop_of(&account, &account).await
}

/// The same, with a proxy between the service and its tables.
async fn faulty_shop() -> (Shop, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    let shop = shop_of(&account, &account.behind(&faults)).await;
    (shop, faults)
}

async fn shop_of(account: &Account, of_service: &Account) -> Shop {
    for variable in ["BASKET_TABLE", "PRICE_TABLE", "IDEMPOTENCY_TABLE", "CHECKOUT_TABLE"] {
        account.table(variable).await;
    }
    let baskets = BasketStore::new(of_service.known_table("BASKET_TABLE"));
    let prices = PriceStore::new(of_service.known_table("PRICE_TABLE"));
    let idempotency = IdempotencyStore::new(of_service.known_table("IDEMPOTENCY_TABLE"));
    let checkouts =
        CheckoutStore::new(of_service.known_table("CHECKOUT_TABLE"), baskets.clone(), idempotency.clone());
    let catalogue = PriceHandler::new(prices.clone());
    let currency = "USD".parse().unwrap();
    let staff = Client::new(router(CheckoutService { baskets, prices, checkouts, idempotency, currency }));
    Shop { client: staff.customer("swn"), staff, dynamodb: account.aws().dynamodb(), catalogue }
}

impl Shop {
    /// Puts a product on sale with the catalogue's event and returns its id.
    async fn product(&self, name: &str, price: &str) -> String {
        let id = Uuid::now_v7().to_string();
        self.handle("ProductCreated", &snapshot(&id, name, price, 1)).await;
        id
    }

    /// Delivers an event of the catalogue and expects the handler to acknowledge it.
    async fn handle(&self, detail_type: &str, data: &str) {
        let failed = self.deliver(&[&message("m", detail_type, data)]).await;
        assert!(failed.is_empty());
    }

    /// Delivers a batch of queue messages and returns the ids of those that failed.
    async fn deliver(&self, messages: &[&Value]) -> Vec<String> {
        deliver(&self.catalogue, json!({ "Records": messages })).await
    }

    /// The number of rows in a table.
    async fn rows(&self, table: &str) -> usize {
        self.dynamodb.scan().table_name(table).send().await.unwrap().items().len()
    }
}

/// A queue message with an event of the catalogue. Its data is text, to keep prices as written.
fn message(id: &str, detail_type: &str, data: &str) -> Value {
    let metadata = json!({
        "eventId": Uuid::now_v7(),
        "version": 1,
        "correlationId": "c-1",
        "occurredAt": "2026-01-31T12:00:00.000Z",
    });
    let body = format!(
        r#"{{"source": "shop.product", "detail-type": "{detail_type}",
             "detail": {{"metadata": {metadata}, "data": {data}}}}}"#
    );
    json!({ "messageId": id, "body": body })
}

fn snapshot(id: &str, name: &str, price: &str, version: u64) -> String {
    format!(
        r#"{{"product": {{"id": "{id}", "name": "{name}", "category": "Phone", "price": {price},
             "currency": "USD", "version": {version}}}}}"#
    )
}
