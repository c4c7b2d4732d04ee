//! Payment tests against their real table and the real routes of the payment sandbox, on the local
//! AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod charges;
mod events;
mod faults;
mod races;
mod refunds;
mod webhook;

use std::time::Duration;

use lambdakit::http_client::HttpClient;
use lambdakit::masking::Secret;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::parameters::{LazyParameter, Parameter};
use payment::commands::PaymentHandler;
use payment::http_provider::{DEADLINE, HttpProvider};
use payment::store::PaymentStore;
use payment::webhook::WebhookReceiver;
use payment_sandbox::api::Provider;
use payment_sandbox::store::ChargeStore;
use payment_sandbox::webhooks::{DueWebhooks, WebhookSender};
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Bus, Client, deliver, serve};

const CHARGE: &str = include_str!("../../events/payment-on-command.json");
const REFUND: &str = include_str!("../../events/payment-on-command-refund.json");

/// The order of the samples.
const ORDER: &str = "019c1431-2e60-7000-8000-000000000001";
const TABLE: &str = "PAYMENT_TABLE";
const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGUgcHJvdmlkZXI=";
/// The previous secret, which the service still accepts.
const OLD_SECRET: &str = "whsec_dGhlIG9sZCBzZWNyZXQgb2YgdGhlIHByb3ZpZGVy";
const API_KEY: &str = "sk_test";

/// A payment service with an empty table, and its provider.
struct Till {
    client: Client,
    commands: PaymentHandler<HttpProvider>,
    account: Account,
    /// The proxy between the service and its table.
    faults: FaultProxy,
    /// The proxy between the service and the provider.
    line: FaultProxy,
    provider: WebhookSender,
    /// A client of the provider's own routes, for manual refunds.
    bank: Client,
    /// The bus with the provider's due webhooks.
    bus: Bus,
}

async fn till() -> Till {
    let account = Account::new();
    let faults = account.faults().await;
    account.table(TABLE).await;
    let charges = ChargeStore::new(account.table("PROVIDER_TABLE").await);
    let bus = account.bus_named("webhooks").await;
    let publisher = Publisher::new(account.aws().eventbridge(), bus.name());
    let schedules = bus.schedules(account.aws());
    let key = Parameter::fixed(API_KEY.parse::<Secret>().unwrap());
    let provider = payment_sandbox::api::router(Provider {
        charges: charges.clone(),
        webhooks: DueWebhooks::new(publisher, schedules, Duration::from_secs(1)),
        api_key: key.clone(),
    });
    let bank = Client::new(provider.clone()).nobody();
    let line = FaultProxy::start(&serve(provider).await, 1).await;

    let payments = PaymentStore::new(account.behind(&faults).known_table(TABLE));
    let accepted = Parameter::fixed(format!("{SECRET} {OLD_SECRET}").parse().unwrap());
    let ear = payment::webhook::router(WebhookReceiver::new(payments.clone(), accepted));
    let routes = payment::api::router(payments.clone()).merge(ear.clone());
    let api_url = account.parameter("/test/edge/api-url", &serve(ear).await).await;
    let route = LazyParameter::new(account.aws(), api_url);
    let http = HttpClient::new(line.endpoint(), DEADLINE).unwrap();
    Till {
        client: Client::new(routes),
        commands: PaymentHandler::new(payments, HttpProvider::new(http, key)),
        provider: WebhookSender::new(charges, route, Parameter::fixed(SECRET.parse().unwrap())),
        bank,
        account,
        faults,
        line,
        bus,
    }
}

/// The sample's command, for another means of payment.
fn charge_by(method: &str, token: Option<&str>) -> String {
    changed(CHARGE, |data| data["payment"] = json!({ "method": method, "token": token }))
}

/// A sample's command, with its data changed.
fn changed(sample: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut sample: Value = serde_json::from_str(sample).unwrap();
    let body = sample["Records"][0]["body"].take();
    let mut body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    change(&mut body["detail"]["data"]);
    sample["Records"][0]["body"] = json!(body.to_string());
    sample.to_string()
}

impl Till {
    /// Delivers a command and returns whether it was acknowledged.
    async fn ask(&self, command: &str) -> bool {
        deliver(&self.commands, command).await.is_empty()
    }

    /// The payment of the sample's order, as staff see it; null if there is none.
    async fn payment(&self) -> Value {
        let answer = self.client.get(&format!("/payment/{ORDER}")).await;
        if answer.status == 404 { Value::Null } else { answer.expect(200).body }
    }

    /// Refunds a part of the charge manually at the provider.
    async fn refund_part(&self, key: &str, amount: u64) {
        let authorization = format!("Bearer {API_KEY}");
        let headers = [("authorization", authorization.as_str()), ("idempotency-key", key)];
        let refund = json!({ "charge": self.payment().await["chargeId"], "amount": amount });
        self.bank.send("POST", "/v1/refunds", &headers, refund).await.expect(201);
    }

    async fn state(&self) -> String {
        self.payment().await["state"].as_str().unwrap_or_default().to_owned()
    }

    /// The rows of a table.
    async fn rows(&self, table: &str) -> Vec<Value> {
        let rows = self.account.aws().dynamodb().scan().table_name(table).send().await.unwrap();
        serde_dynamo::from_items(rows.items().to_vec()).unwrap()
    }

    /// The statuses of the provider's charges.
    async fn charges(&self) -> Vec<String> {
        let charges = self.rows("PROVIDER_TABLE").await;
        charges.iter().map(|charge| charge["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes the provider send its next due webhook and returns whether it was accepted.
    async fn send_webhook(&self) -> bool {
        let event = self.bus.next().await.to_string();
        consumer::invoke(&self.provider, &event, None).await.is_ok()
    }
}
