//! A customer's journey: browse products, put two into the basket, check out, and wait for the
//! order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::record::{Record, Step};
use crate::shop::{Answer, Customer, Shop};

/// The interval and the duration of requests for the new order.
const ASK_AGAIN: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_mins(1);

pub struct Journey {
    shop: Shop,
    products: Vec<String>,
    /// Customers without a running journey. No customer runs two, because both would share a
    /// basket.
    free: Mutex<Vec<Customer>>,
    seed: u64,
    number: AtomicU64,
    run: u128,
}

impl Journey {
    pub fn new(shop: Shop, products: Vec<String>, customers: Vec<Customer>, seed: u64) -> Self {
        let run = crate::check::now();
        Self { shop, products, free: Mutex::new(customers), seed, number: AtomicU64::new(0), run }
    }

    /// All customers, when no journey is running.
    pub fn customers(&self) -> Vec<Customer> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs one customer's journey, planned to start at this time.
    pub async fn make(&self, meant: Instant, record: &Record) {
        let customer = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(customer) = customer else {
            record.failed(Step::Browse, "no customer was free: give more with --customers");
            return;
        };
        if self.walk(&customer, meant, record).await.is_some() {
            record.took(Step::Journey, meant);
        }
        self.free.lock().unwrap_or_else(PoisonError::into_inner).insert(0, customer);
    }

    /// Runs the steps as long as each succeeds.
    async fn walk(&self, customer: &Customer, meant: Instant, record: &Record) -> Option<()> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut rng = fastrand::Rng::with_seed(self.seed ^ number.rotate_left(32));
        let visit = Visit { shop: &self.shop, customer, record };
        let name = &customer.name;

        visit.step(Step::Browse, meant, Method::GET, "/product", None, None).await?;
        for _ in 0..2 {
            let product = rng.choice(&self.products)?;
            let path = format!("/product/{product}");
            visit.step(Step::Look, Instant::now(), Method::GET, &path, None, None).await?;
            let line = json!({ "productId": product, "quantity": rng.u8(1..4) });
            let path = format!("/basket/{name}/items");
            visit.step(Step::Add, Instant::now(), Method::POST, &path, None, Some(&line)).await?;
        }
        let path = format!("/basket/{name}");
        visit.step(Step::Basket, Instant::now(), Method::GET, &path, None, None).await?;

        let key = format!("load-{}-{number}", self.run);
        let wish = checkout(name);
        let path = "/basket/checkout";
        let receipt =
            visit.step(Step::Checkout, Instant::now(), Method::POST, path, Some(&key), Some(&wish)).await?;
        let accepted = Instant::now();
        let order = receipt.body["orderId"].as_str()?;
        record.accepted(order);
        visit.follow(order, accepted).await
    }
}

struct Visit<'a> {
    shop: &'a Shop,
    customer: &'a Customer,
    record: &'a Record,
}

impl Visit<'_> {
    /// A request that should succeed. Its latency counts from the planned start.
    async fn step(
        &self,
        step: Step,
        meant: Instant,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Option<Answer> {
        let answer = self.shop.send(method, path, Some(self.customer), key, body).await;
        self.judge(step, meant, answer, |status| status.is_success())
    }

    fn judge(
        &self,
        step: Step,
        meant: Instant,
        answer: Result<Answer>,
        well: fn(StatusCode) -> bool,
    ) -> Option<Answer> {
        match answer {
            Ok(answer) if well(answer.status) => {
                self.record.took(step, meant);
                Some(answer)
            }
            Ok(answer) => {
                let reason = answer.body["title"].as_str().unwrap_or_default();
                self.record.failed(step, format!("{} {reason}", answer.status.as_u16()).trim_end());
                None
            }
            Err(error) => {
                let timeout = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout);
                self.record.unanswered(step, if timeout { "no answer in time" } else { "no connection" });
                None
            }
        }
    }

    /// Requests the order until it exists.
    async fn follow(&self, order: &str, accepted: Instant) -> Option<()> {
        let path = format!("/order/{}/{order}", self.customer.name);
        loop {
            let asked = Instant::now();
            let answer = self.shop.send(Method::GET, &path, Some(self.customer), None, None).await;
            let is_expected = |status: StatusCode| status.is_success() || status == StatusCode::NOT_FOUND;
            if self.judge(Step::Order, asked, answer, is_expected)?.status.is_success() {
                self.record.took(Step::CheckoutToOrder, accepted);
                return Some(());
            }
            if accepted.elapsed() > TIMEOUT {
                self.record.failed(Step::CheckoutToOrder, "no order within a minute");
                return None;
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

fn checkout(user_name: &str) -> Value {
    json!({
        "userName": user_name,
        "firstName": "Grace",
        "lastName": "Hopper",
        "email": "name@example.com",
        "address": "1 Harbour Street",
        "paymentMethod": "CARD",
        "paymentToken": "tok_visa",
    })
}
