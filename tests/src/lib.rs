//! Client of a running shop for end-to-end tests: HTTP as a customer or staff.
//!
//! `cargo xtask test` selects the shop: the environment variable `FERROCART_OUTPUTS` is the path of
//! its `outputs.json`.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot run has failed"
)]

pub mod chaos;
mod session;
mod socket;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::TIMEOUT;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use uuid::Uuid;

use crate::session::{Cognito, Session};
pub use crate::socket::Socket;

/// The timeout of a response, even on a busy machine.
const ANSWER: Duration = Duration::from_mins(2);

/// A running shop as seen by one caller: staff, a customer, or an anonymous client.
#[derive(Clone, Debug)]
pub struct Shop {
    agent: Agent,
    outputs: Arc<Value>,
    path: PathBuf,
    session: Option<Arc<Session>>,
}

/// A response of the shop.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text, which keeps every digit of a price.
    pub text: String,
    /// The body as JSON; null if it is not JSON.
    pub body: Value,
}

impl Default for Shop {
    fn default() -> Self {
        Self::new()
    }
}

impl Shop {
    /// The shop that the environment names, as staff.
    #[must_use]
    pub fn new() -> Self {
        let path = std::env::var("FERROCART_OUTPUTS")
            .expect("FERROCART_OUTPUTS is not set: run these tests with `cargo xtask test shop`");
        Self::at(Path::new(&path))
    }

    /// The shop of an `outputs.json`, as its member of staff.
    #[must_use]
    pub fn at(outputs: &Path) -> Self {
        let text = std::fs::read_to_string(outputs).expect("the outputs of the shop");
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER)).proxy(None);
        let nobody = Self {
            agent: config.build().into(),
            outputs: Arc::new(serde_json::from_str(&text).expect("outputs.json is JSON")),
            path: outputs.to_owned(),
            session: None,
        };
        let (name, password) =
            (nobody.output("/users/staff/userName"), nobody.output("/users/staff/password"));
        let staff = Session::sign_in(nobody.cognito(), name, password);
        Self { session: Some(Arc::new(staff)), ..nobody }
    }

    /// The same shop, as the customer that `cargo xtask up` creates.
    #[must_use]
    pub fn local_customer(&self) -> Self {
        let (name, password) =
            (self.output("/users/customer/userName"), self.output("/users/customer/password"));
        Self { session: Some(Arc::new(Session::sign_in(self.cognito(), name, password))), ..self.clone() }
    }

    /// The same shop, as an anonymous client.
    #[must_use]
    pub fn nobody(&self) -> Self {
        Self { session: None, ..self.clone() }
    }

    /// The same shop, as a new customer that no other test uses.
    #[must_use]
    pub fn customer(&self) -> Self {
        self.customer_named(&format!("customer-{}", Uuid::now_v7()))
    }

    /// The same shop, as a new customer of this name.
    #[must_use]
    pub fn customer_named(&self, user_name: &str) -> Self {
        let session = Session::sign_up(self.cognito(), user_name);
        Self { session: Some(Arc::new(session)), ..self.clone() }
    }

    /// The same shop, as a new customer of this name; `None` if the sign-up was not confirmed.
    #[must_use]
    pub fn try_customer_named(&self, user_name: &str) -> Option<Self> {
        let password = Session::try_sign_up(&self.cognito(), user_name).ok()?;
        let session = Session::confirm(self.cognito(), user_name, &password);
        Some(Self { session: Some(Arc::new(session)), ..self.clone() })
    }

    fn cognito(&self) -> Cognito {
        let endpoint = self.outputs.get("endpoint").and_then(Value::as_str).map(str::to_owned);
        let of_aws = || format!("https://cognito-idp.{}.amazonaws.com", self.output("/region"));
        Cognito {
            agent: self.agent.clone(),
            endpoint: endpoint.unwrap_or_else(of_aws),
            client_id: self.output("/userPoolClientId").to_owned(),
        }
    }

    /// The same user, signed in with another app client of the user pool.
    #[must_use]
    pub fn sign_in_at(&self, client_id: &str) -> Self {
        Self { session: Some(Arc::new(self.session().at(client_id))), ..self.clone() }
    }

    /// A user of the same name, signed up with the app client of another user pool.
    #[must_use]
    pub fn sign_up_at(&self, client_id: &str) -> Self {
        let cognito = Cognito { client_id: client_id.to_owned(), ..self.cognito() };
        Self { session: Some(Arc::new(Session::sign_up(cognito, self.user()))), ..self.clone() }
    }

    /// The name of the signed-in user.
    #[must_use]
    pub fn user(&self) -> &str {
        self.session().user_name()
    }

    /// Their customer id, as the shop shows it with their basket.
    #[must_use]
    pub fn id(&self) -> String {
        self.basket().body["customerId"].as_str().expect("a customer's id").to_owned()
    }

    /// Whether their account still exists; their tokens stay valid either way.
    #[must_use]
    pub fn has_account(&self) -> bool {
        self.session().has_account()
    }

    /// Deletes their account with Cognito's own operation, of which the shop is not notified.
    pub fn delete_account(&self) {
        self.session().delete_account();
    }

    /// Deletes a user's account as an administrator of the user pool.
    pub fn delete_account_of(&self, user_name: &str) {
        let input = serde_json::json!({ "UserPoolId": self.output("/userPoolId"), "Username": user_name });
        self.cognito().call_as_owner("AdminDeleteUser", &input);
    }

    /// The error when a user of this name signs up.
    ///
    /// # Panics
    /// When the sign-up succeeds.
    #[must_use]
    pub fn refused_sign_up(&self, user_name: &str) -> String {
        Session::try_sign_up(&self.cognito(), user_name).expect_err("a refusal")
    }

    /// The ID token of the signed-in user.
    #[must_use]
    pub fn token(&self) -> String {
        self.session().id_token()
    }

    /// The access token of the signed-in user.
    #[must_use]
    pub fn access_token(&self) -> String {
        self.session().access_token()
    }

    fn session(&self) -> &Session {
        self.session.as_deref().expect("somebody who is signed in")
    }

    /// The path of `outputs.json`.
    #[must_use]
    pub fn outputs(&self) -> &Path {
        &self.path
    }

    /// Runs a command of `cargo xtask` with this shop and returns its output.
    #[must_use]
    pub fn xtask(&self, arguments: &[&str]) -> Output {
        let mut xtask = command(env!("CARGO"));
        xtask.arg("xtask").args(arguments).arg("--outputs").arg(self.outputs());
        xtask.output().expect("cargo")
    }

    /// An output of the stack: `output("/queues/ordering-on-checkout")`.
    #[must_use]
    pub fn output(&self, pointer: &str) -> &str {
        let value = self.outputs.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no {pointer} in {}", self.path.display()))
    }

    /// All outputs of one kind, by their short names.
    #[must_use]
    pub fn all(&self, pointer: &str) -> BTreeMap<String, String> {
        let all = self.outputs.pointer(pointer).cloned().unwrap_or_default();
        serde_json::from_value(all).expect("names")
    }

    /// Whether the gateway is an HTTP API, whose own answers differ from those of a REST API: the
    /// table in docs/api.md lists how.
    #[must_use]
    pub fn has_http_api(&self) -> bool {
        self.output("/apiKind") == "http"
    }

    /// Asserts that the gateway itself refused a request, by a problem of this type or in the words
    /// of an HTTP API.
    pub fn expect_refused_by_gateway(&self, answer: &Answer, problem: &str) {
        if self.has_http_api() {
            assert!(answer.body["message"].is_string(), "{}", answer.text);
            assert_eq!(answer.header("content-type"), "application/json");
        } else {
            assert_eq!(answer.problem(), problem);
        }
    }

    /// Sends a GET request.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// All items of a list, page by page. The path has a query.
    #[must_use]
    pub fn pages(&self, list: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), list.to_owned());
        loop {
            let page = self.get(&next).expect(200).body;
            items.extend(page["items"].as_array().into_iter().flatten().cloned());
            let Some(cursor) = page["nextCursor"].as_str() else { return items };
            next = format!("{list}&cursor={cursor}");
        }
    }

    /// Sends a POST request with JSON, or with any value that displays as its body.
    pub fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.send("POST", path, &[], body)
    }

    /// Sends a request. A body has the content type JSON.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl ToString) -> Answer {
        self.try_send(method, path, headers, body).expect("an answer")
    }

    /// Sends a request that may get no response.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ToString,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.output("/apiUrl")));
        let body = body.to_string();
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        if let Some(session) = &self.session {
            request = request.header("authorization", session.id_token());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let mut response = self.agent.run(request).ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        })
    }

    /// Creates a product, waits until baskets can contain it, and returns its id.
    #[must_use]
    pub fn product(&self, name: &str, price: &str) -> String {
        let product = format!(r#"{{"name": "{name}", "category": "Tests", "price": {price}}}"#);
        let created = self.post("/product", product).expect(201);
        let id = created.body["id"].as_str().expect("an id").to_owned();
        eventually("the price in the replica", || self.basket_price(&id).map(drop));
        id
    }

    /// The price of a product in baskets, if they have it: staff add it to a basket, and empty that
    /// again.
    #[must_use]
    pub fn basket_price(&self, product: &str) -> Option<Value> {
        let probe = OtherCustomer { user_name: format!("probe-{product}"), id: product.to_owned() };
        let basket = self.post(&probe.path("/basket"), probe.basket(product));
        if basket.status != 200 {
            return None;
        }
        self.send("DELETE", &probe.path(&format!("/basket/{}", probe.user_name)), &[], "").expect(204);
        Some(basket.body["items"][0]["price"].clone())
    }

    /// Creates a product with units in stock, waits until baskets can contain it, and returns its
    /// id.
    #[must_use]
    pub fn product_in_stock(&self, name: &str, price: &str, units: u32) -> String {
        let id = self.product(name, price);
        self.take_in(&id, units);
        id
    }

    /// Receives units of a product, as staff do for a delivery.
    pub fn take_in(&self, product: &str, units: u32) {
        let delivery = Uuid::now_v7().to_string();
        let (path, key) = (format!("/stock/{product}/receipts"), [("idempotency-key", delivery.as_str())]);
        self.send("POST", &path, &key, format!(r#"{{"quantity": {units}}}"#)).expect(201);
    }

    /// Adds units of a product to the caller's basket.
    pub fn add(&self, product: &str, quantity: u8) {
        let item = format!(r#"{{"productId": "{product}", "quantity": {quantity}}}"#);
        self.post(&format!("/basket/{}/items", self.user()), item).expect(200);
    }

    /// The caller's basket.
    #[must_use]
    pub fn basket(&self) -> Answer {
        self.get(&format!("/basket/{}", self.user())).expect(200)
    }

    /// Checks out the caller's basket.
    #[must_use]
    pub fn check_out(&self, headers: &[(&str, &str)]) -> Answer {
        self.send("POST", "/basket/checkout", headers, checkout(self.user()))
    }

    /// Buys units of a product and returns the receipt. `wishes` override fields of the checkout.
    #[must_use]
    pub fn buy(&self, product: &str, units: u8, wishes: &Value) -> Value {
        self.add(product, units);
        let mut body = checkout(self.user());
        for (field, wish) in wishes.as_object().into_iter().flatten() {
            body[field] = wish.clone();
        }
        self.post("/basket/checkout", body).expect(202).body
    }

    /// Units of a product as staff see them: on hand, reserved, shipped.
    #[must_use]
    pub fn stock(&self, product: &str) -> [u64; 3] {
        let stock = self.get(&format!("/stock/{product}")).expect(200).body;
        ["onHand", "reserved", "shipped"].map(|units| stock[units].as_u64().expect("a number of units"))
    }

    /// Waits until the stock of a product has these counts. The workflow may record shipped units
    /// after the parcel has arrived.
    pub fn stock_becomes(&self, product: &str, units: [u64; 3]) {
        eventually(&format!("stock of {units:?}"), || (self.stock(product) == units).then_some(()));
    }

    /// The order of an accepted checkout, once it has this status. The test fails if it ends in
    /// another.
    #[expect(clippy::must_use_candidate, reason = "some only wait for it")]
    pub fn order_that_is(&self, status: &str, receipt: &Value) -> Answer {
        eventually(&format!("an order that is {status}"), || {
            let order = self.order(receipt);
            if statuses(&order.body).contains(&status) {
                return Some(order);
            }
            let ends = ["DELIVERED", "REJECTED", "CANCELLED"];
            assert!(!ends.iter().any(|end| order.body["status"] == *end), "not {status}: {}", order.text);
            None
        })
    }

    /// The order of an accepted checkout, once it is final.
    #[must_use]
    pub fn order_that_ended(&self, receipt: &Value) -> Answer {
        eventually("the end of an order", || {
            let order = self.order(receipt);
            let ends = ["DELIVERED", "REJECTED", "CANCELLED"];
            ends.iter().any(|end| order.body["status"] == *end).then_some(order)
        })
    }

    /// The order of an accepted checkout, once it exists.
    #[expect(clippy::must_use_candidate, reason = "some only wait for it")]
    pub fn order(&self, receipt: &Value) -> Answer {
        let path = format!("/order/{}/{}", self.user(), receipt["orderId"].as_str().expect("an order id"));
        eventually("the order", || {
            let order = self.get(&path);
            (order.status == 200).then_some(order)
        })
    }
}

/// A customer without an account, for whom staff act.
#[derive(Clone, Debug)]
pub struct OtherCustomer {
    /// Their name.
    pub user_name: String,
    /// Their id.
    pub id: String,
}

impl Default for OtherCustomer {
    fn default() -> Self {
        Self::new()
    }
}

impl OtherCustomer {
    /// A customer that no other test uses.
    #[must_use]
    pub fn new() -> Self {
        let id = Uuid::now_v7().to_string();
        Self { user_name: format!("other_customer-{id}"), id }
    }

    /// A path with the id of the customer that staff act for.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        format!("{path}?customerId={}", self.id)
    }

    /// The body of a basket with one unit of a product.
    #[must_use]
    pub fn basket(&self, product: &str) -> Value {
        let item = serde_json::json!({ "productId": product, "quantity": 1 });
        serde_json::json!({ "userName": self.user_name, "items": [item] })
    }

    /// The customer fields of events.
    #[must_use]
    pub fn in_events(&self) -> Value {
        serde_json::json!({ "customerId": self.id, "userName": self.user_name })
    }
}

/// A command that may run Cargo. It does not inherit the variables in which `cargo test` describes
/// this package: ring's build script watches them, so Cargo would rebuild ring and all that depends
/// on it, now and for the next test.
#[must_use]
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let is_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_package) {
            command.env_remove(name);
        }
    }
    command
}

/// The `Authorization` header of the account owner, for services that tests call without an SDK.
/// The local AWS identifies owners by their keys and does not check their signatures.
#[must_use]
pub fn owner(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

/// All statuses of an order, oldest first.
#[must_use]
pub fn statuses(order: &Value) -> Vec<&str> {
    let history = order["history"].as_array().into_iter().flatten();
    history.filter_map(|change| change["status"].as_str()).collect()
}

/// The body of a checkout.
#[must_use]
pub fn checkout(user: &str) -> Value {
    serde_json::json!({
        "userName": user,
        "firstName": "Grace",
        "lastName": "Hopper",
        "email": "name@example.com",
        "address": "1 Harbour Street",
        "paymentMethod": "CARD",
        "paymentToken": "tok_visa",
    })
}

impl Answer {
    /// The response itself, if it has this status; otherwise the test fails with its body.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "it asserts")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A header's value; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The problem's type, if the response is a complete problem response.
    #[must_use]
    pub fn problem(&self) -> &str {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        assert_eq!(self.body["status"], self.status);
        for member in ["title", "detail", "requestId"] {
            assert!(
                self.body[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}: {}",
                self.text
            );
        }
        self.body["type"]
            .as_str()
            .and_then(|r#type| r#type.strip_prefix("urn:problem-type:"))
            .expect("a type")
    }
}

/// Repeats a check until it returns a value; a test fails when that takes too long.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {TIMEOUT:?}");
        sleep(Duration::from_millis(50));
    }
}
