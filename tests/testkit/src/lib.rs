//! Test support for services with their real stores: an account on the local AWS for each test,
//! with the tables of the CloudFormation template.
//!
//! `cargo xtask test services` starts the local AWS and sets its address (`FERROCART_ENDPOINT`) and
//! the directory of the templates (`FERROCART_TEMPLATES`) in the environment.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot run has failed"
)]

mod account;
mod bus;
mod client;
pub mod faults;
mod meter;
mod rng;
mod seed;
mod serve;
mod template;

pub use account::Account;
pub use bus::{Bus, SCHEDULE_GROUP};
pub use client::{Answer, Client, customer_id};
pub use lambda_http::Context;
use lambdakit::messaging::consumer;
pub use lambdakit::testing::events;
pub use meter::Meter;
pub use rng::SeededRng;
pub use seed::seed;
pub use serve::serve;

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The timeout for asynchronous effects, even on a busy machine. A message whose first attempt
/// failed is redelivered after up to 258 seconds.
pub const TIMEOUT: Duration = Duration::from_mins(6);

/// Repeats a check until it returns a value; a test fails when that takes too long.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {TIMEOUT:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Delivers an SQS batch, which is JSON, to a consumer. Returns the ids of the messages that SQS
/// redelivers.
pub async fn deliver(consumer: &impl consumer::Handler, batch: impl Display) -> Vec<String> {
    let response = consumer::invoke(consumer, &batch.to_string(), None).await;
    let response = response.expect("a batch").expect("a partial batch response");
    response.failed().map(ToOwned::to_owned).collect()
}

/// The context of an invocation with this much time until its deadline, half a second of which is
/// reserved for the response.
#[must_use]
pub fn deadline_in(left: Duration) -> Context {
    let mut context = Context::default();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + left;
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    context
}
