//! The parts that every Lambda function needs and that Powertools does not offer for Rust. The
//! crate does not depend on the shop, so other projects can use it.
//!
//! - A function that answers HTTP: build an `axum` router and pass it to [`http::api::run`]. [`auth::caller`]
//!   authorizes the callers of each route.
//! - A function that handles events, from a queue, a rule, a schedule or a topic: pass its handler
//!   to [`messaging::consumer::run`]. [`messaging::event`] describes how they are read.
//! - A function that a Step Functions workflow calls: pass its handler to [`workflow::steps::run`].
//! - A function behind a WebSocket API: pass its handler to [`websocket::run`]. Its Lambda authorizer
//!   runs with [`auth::authorizer::run`].
//! - A function that publishes the changes in a table's stream: pass its translation to
//!   [`outbox::run`].
//! - A function that reads parameters or secrets of SSM: hold them as [`parameters::Parameter`], which
//!   refreshes them.
//! - An executable for several functions: match on [`handler::name`].
//!
//! Each function writes one JSON log line per invocation ([`telemetry`]), ends before its deadline,
//! and turns errors into problem responses ([`http::problem`]) or partial batch failures.

pub mod auth;
pub mod aws;
pub mod config;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod handler;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http-client")]
pub mod http_client;
#[cfg(feature = "idempotency")]
pub mod idempotency;
pub mod json;
#[cfg(feature = "mail")]
pub mod mail;
pub mod masking;
pub mod messaging;
#[cfg(feature = "outbox")]
pub mod outbox;
#[cfg(feature = "parameters")]
pub mod parameters;
mod start;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(feature = "webhooks")]
pub mod webhooks;
#[cfg(feature = "websocket")]
pub mod websocket;
pub mod workflow;

pub use aws::AwsError;
pub use config::ConfigError;
#[cfg(feature = "http")]
pub use http::problem::Problem;
pub use lambda_runtime::Error;

/// The `User-Agent` of requests that no SDK makes. Firewalls refuse requests without one, including
/// the common rules of AWS WAF (`NoUserAgent_HEADER`).
#[cfg(any(feature = "http-client", feature = "parameters"))]
const USER_AGENT: &str = concat!("lambdakit/", env!("CARGO_PKG_VERSION"));
