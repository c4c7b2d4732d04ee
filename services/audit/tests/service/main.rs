//! Audit service tests against its real table, on the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod order_event;
mod routes;

use audit::api::router;
use audit::order_event::AuditHandler;
use audit::store::AuditStore;
use lambdakit::dynamodb::item::Item;
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Client, deliver};

const PLACED: &str = include_str!("../../events/audit-on-order.json");

/// The order of the sample.
const ORDER: &str = "019c1431-2e60-7000-8000-000000000001";
const TABLE: &str = "AUDIT_TABLE";

/// An audit with an empty table, and a proxy between the two.
struct Archive {
    client: Client,
    handler: AuditHandler,
    dynamodb: aws_sdk_dynamodb::Client,
    faults: FaultProxy,
}

async fn archive() -> Archive {
    let account = Account::new();
    let faults = account.faults().await;
    account.table(TABLE).await;
    let audit = AuditStore::new(account.behind(&faults).known_table(TABLE));
    let dynamodb = account.aws().dynamodb();
    Archive {
        client: Client::new(router(audit.clone())),
        handler: AuditHandler::new(audit),
        dynamodb,
        faults,
    }
}

impl Archive {
    /// Delivers a batch and returns the ids of the messages that SQS redelivers.
    async fn deliver(&self, messages: &[Value]) -> Vec<String> {
        deliver(&self.handler, json!({ "Records": messages })).await
    }

    async fn rows(&self) -> Vec<Item> {
        self.dynamodb.scan().table_name(TABLE).send().await.unwrap().items.unwrap_or_default()
    }

    /// The entries of the sample's order, as staff read them.
    async fn entries(&self) -> Value {
        self.client.get(&format!("/audit/{ORDER}")).await.expect(200).body["items"].clone()
    }
}

/// The message of the sample, with its envelope changed.
fn changed(id: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut message = serde_json::from_str::<Value>(PLACED).unwrap()["Records"][0].clone();
    let mut envelope: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    change(&mut envelope);
    message["messageId"] = json!(id);
    message["body"] = json!(envelope.to_string());
    message
}

/// A message with an event of the sample's order, this many minutes after the order was placed.
fn order_event(name: &str, minutes: u8) -> Value {
    changed(name, |envelope| {
        envelope["detail-type"] = json!(name);
        let mut data =
            json!({ "orderId": ORDER, "customerId": testkit::customer_id("swn"), "userName": "swn" });
        match name {
            "OrderPlaced" => data = envelope["detail"]["data"].clone(),
            "OrderRejected" => data["reason"] = json!("OUT_OF_STOCK"),
            "OrderCancelled" => data["reason"] = json!("CUSTOMER_REQUEST"),
            _ => {}
        }
        envelope["detail"]["data"] = data;
        let metadata = &mut envelope["detail"]["metadata"];
        metadata["eventId"] = json!(format!("0f1e2d3c-0000-5000-8000-0000000002{minutes:02}"));
        metadata["occurredAt"] = json!(format!("2026-01-31T12:{minutes:02}:00.000Z"));
    })
}
