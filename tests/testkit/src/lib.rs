//! For tests of a service against its real stores: an AWS account of its own on the local AWS,
//! with the tables that the CloudFormation template describes.
//!
//! `cargo xtask test services` starts the local AWS and says in the environment where it is
//! (`FERROCART_ENDPOINT`) and where the template is (`FERROCART_TEMPLATE`).

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
pub use bus::Bus;
pub use client::{Answer, Client, customer_id};
pub use lambda_http::Context;
pub use meter::Meter;
pub use rng::SeededRng;
pub use seed::seed;
pub use serve::serve;

use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a test waits for what happens behind the scenes, on however busy a machine: a message whose first attempt
/// went wrong comes again after up to 258 seconds.
pub const TIMEOUT: Duration = Duration::from_mins(6);

/// Waits until something is there, asking again and again; a test fails when that takes too long.
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

/// The context of an invocation that leaves this long until its deadline, half a second of which is kept for the answer.
#[must_use]
pub fn deadline_in(left: Duration) -> Context {
    let mut context = Context::default();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + left;
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    context
}
