//! Warehouse tests against its real table, on the local AWS.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod books;
mod events;
mod faults;
mod large;
mod races;
mod receipts;
mod steps;

use inventory::api::router;
use inventory::steps::ReservationSteps;
use inventory::store::StockStore;
use lambdakit::dynamodb::table::Table;
use lambdakit::workflow::steps::invoke;
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Client};
use uuid::Uuid;

/// A warehouse with an empty table.
struct Warehouse {
    client: Client,
    steps: ReservationSteps,
    /// The table, without a proxy.
    table: Table,
}

async fn warehouse() -> Warehouse {
    let account = Account::new();
    warehouse_of(&account, &account).await
}

/// The same, with a proxy between the service and its table.
async fn faulty_warehouse() -> (Warehouse, FaultProxy) {
    warehouse_behind(Account::behind).await
}

/// The same, for transactions with a hundred parts.
async fn large_faulty_warehouse() -> (Warehouse, FaultProxy) {
    warehouse_behind(Account::patiently_behind).await
}

async fn warehouse_behind(proxy: fn(&Account, &FaultProxy) -> Account) -> (Warehouse, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    (warehouse_of(&account, &proxy(&account, &faults)).await, faults)
}

async fn warehouse_of(account: &Account, of_service: &Account) -> Warehouse {
    let table = account.table("STOCK_TABLE").await;
    let stock = StockStore::new(of_service.known_table("STOCK_TABLE"));
    Warehouse { client: Client::new(router(stock.clone())), steps: ReservationSteps::new(stock), table }
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

/// Units on hand, reserved, received and shipped.
type Counts = [u64; 4];

impl Warehouse {
    /// A product with this many units received.
    async fn product(&self, units: u64) -> String {
        let product = id();
        self.take_in(&product, units).await;
        product
    }

    async fn take_in(&self, product: &str, units: u64) {
        let key = id();
        let (path, key) = (format!("/stock/{product}/receipts"), [("idempotency-key", key.as_str())]);
        self.client.send("POST", &path, &key, json!({ "quantity": units })).await.expect(201);
    }

    async fn counts(&self, product: &str) -> Counts {
        let stock = self.client.get(&format!("/stock/{product}")).await.expect(200).body;
        let counts = ["onHand", "reserved", "received", "shipped"].map(|name| stock[name].as_u64().unwrap());
        let [on_hand, reserved, received, shipped] = counts;
        assert_eq!(on_hand + reserved + shipped, received, "{stock}");
        counts
    }

    /// The result of a workflow step: the state of the reservation, or the name of the error.
    async fn step(&self, call: Value) -> Result<String, String> {
        let answer = invoke(&self.steps, &call.to_string(), None).await;
        let answer = answer.map(|answer| serde_json::to_value(answer).unwrap());
        answer
            .map(|output| output["stock"].as_str().unwrap().to_owned())
            .map_err(|error| error.name().to_owned())
    }

    async fn reserve(&self, order: &str, units: &[(&str, u64)]) -> Result<String, String> {
        let units: Vec<_> = units
            .iter()
            .map(|(product, quantity)| json!({ "productId": product, "quantity": quantity }))
            .collect();
        let call = json!({ "step": "reserve", "orderId": order, "correlationId": "c-1", "units": units });
        self.step(call).await
    }

    async fn release(&self, order: &str) -> Result<String, String> {
        self.step(json!({ "step": "release", "orderId": order, "correlationId": "c-2" })).await
    }

    async fn ship(&self, order: &str) -> Result<String, String> {
        self.step(json!({ "step": "ship", "orderId": order, "correlationId": "c-3" })).await
    }
}

/// The reservation state that a step returns. An expected rejection returns one, too.
#[expect(clippy::unnecessary_wraps, reason = "it is compared with what a step gives")]
fn done(stock: &str) -> Result<String, String> {
    Ok(stock.to_owned())
}

/// The result of a step whose invocation failed with this error name.
fn refused(error: &str) -> Result<String, String> {
    Err(error.to_owned())
}
