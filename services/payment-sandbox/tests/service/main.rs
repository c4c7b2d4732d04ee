//! Payment provider tests from its client's side, against its real table, bus and schedules, on the
//! local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod charges;
mod refunds;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lambdakit::masking::Secret;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::parameters::{LazyParameter, Parameter};
use payment_sandbox::api::{Provider, router};
use payment_sandbox::store::ChargeStore;
use payment_sandbox::webhooks::{DueWebhooks, WebhookSender};
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Answer, Bus, Client, serve};

const TABLE: &str = "PROVIDER_TABLE";
/// The new secret and the old one, during a rotation.
const SECRETS: &str = "whsec_dGhlIG5ldyBzZWNyZXQgb2YgdGhlIGJhbms= whsec_dGhlIG9sZCBzZWNyZXQgb2YgdGhlIGJhbms=";
/// The time until delayed charges settle.
const SETTLE_AFTER: Duration = Duration::from_secs(2);

/// A provider without charges, a client with its key, and a shop that receives its webhooks.
struct Bank {
    client: Client,
    account: Account,
    bus: Bus,
    webhooks: WebhookSender,
    shop: Shop,
    faults: FaultProxy,
}

/// A receiver of webhooks.
#[derive(Clone, Default)]
struct Shop {
    /// The received bodies with their headers.
    webhooks: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    /// The status to answer with; 200 if none is set.
    answer: Arc<Mutex<Option<StatusCode>>>,
}

impl Shop {
    /// Starts the receiver and returns its URL.
    async fn open(&self) -> String {
        let shop = self.clone();
        let receive = async move |headers: HeaderMap, body: String| {
            shop.webhooks.lock().unwrap().push((body, headers));
            shop.answer.lock().unwrap().unwrap_or(StatusCode::OK)
        };
        serve(Router::new().route("/payment/webhook", post(receive))).await
    }

    fn answer(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = Some(status);
    }

    /// The received webhooks, as JSON.
    fn webhooks(&self) -> Vec<Value> {
        self.webhooks.lock().unwrap().iter().map(|(body, _)| serde_json::from_str(body).unwrap()).collect()
    }

    /// The ids of the received webhooks.
    fn ids(&self) -> Vec<String> {
        let id = |headers: &HeaderMap| headers["webhook-id"].to_str().unwrap().to_owned();
        self.webhooks.lock().unwrap().iter().map(|(_, headers)| id(headers)).collect()
    }
}

async fn bank() -> Bank {
    let account = Account::new();
    let faults = account.faults().await;
    let of_provider = account.behind(&faults);
    account.table(TABLE).await;
    let bus = account.bus().await;
    let charges = ChargeStore::new(of_provider.known_table(TABLE));
    let publisher = Publisher::new(of_provider.aws().eventbridge(), bus.name());
    let schedules = bus.schedules(of_provider.aws());
    let routes = router(Provider {
        charges: charges.clone(),
        webhooks: DueWebhooks::new(publisher, schedules, SETTLE_AFTER),
        api_key: Parameter::fixed("sk_test".parse::<Secret>().unwrap()),
    });
    let shop = Shop::default();
    let api_url = account.parameter("/test/edge/api-url", &shop.open().await).await;
    let route = LazyParameter::new(account.aws(), api_url);
    let webhooks = WebhookSender::new(charges, route, Parameter::fixed(SECRETS.parse().unwrap()));
    Bank { client: Client::new(routes).nobody(), account, bus, webhooks, shop, faults }
}

impl Bank {
    /// Requests a charge.
    async fn charge(&self, key: &str, source: &str) -> Answer {
        self.charge_of(
            key,
            &json!({ "amount": 1990, "currency": "USD", "source": source, "reference": "order-1" }),
        )
        .await
    }

    async fn charge_of(&self, key: &str, body: &Value) -> Answer {
        let headers = [("authorization", "Bearer sk_test"), ("idempotency-key", key)];
        self.client.send("POST", "/v1/charges", &headers, body).await
    }

    async fn refund(&self, body: Value) -> Answer {
        self.client.send("POST", "/v1/refunds", &[("authorization", "Bearer sk_test")], body).await
    }

    async fn refund_part(&self, key: &str, charge: &str, amount: impl Into<Value>) -> Answer {
        let headers = [("authorization", "Bearer sk_test"), ("idempotency-key", key)];
        let body = json!({ "charge": charge, "amount": amount.into() });
        self.client.send("POST", "/v1/refunds", &headers, body).await
    }

    async fn find(&self, id: &str) -> Answer {
        self.client
            .send("GET", &format!("/v1/charges/{id}"), &[("authorization", "Bearer sk_test")], "")
            .await
    }

    /// The rows of the table, as text.
    async fn rows(&self) -> Vec<String> {
        let rows = self.account.aws().dynamodb().scan().table_name(TABLE).send().await.unwrap();
        rows.items().iter().map(|row| format!("{row:?}")).collect()
    }

    /// Handles an event and returns whether it was handled.
    async fn handle(&self, event: &Value) -> bool {
        consumer::invoke(&self.webhooks, &event.to_string(), None).await.is_ok()
    }
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}
