//! The parts that every Lambda function needs and that Powertools does not offer for Rust. The
//! crate does not depend on the shop, so other projects can use it.
//!
//! - A function that answers HTTP: build an `axum` router and pass it to [`api::run`]. [`caller`]
//!   authorizes the callers of each route.
//! - A function that handles events: pass its handler to [`queue::run`]. [`event`] describes how
//!   they are read.
//! - A function that a Step Functions workflow calls: pass its handler to [`steps::run`].
//! - A function behind a WebSocket API: pass its handler to [`socket::run`]. Its Lambda authorizer
//!   runs with [`authorizer::run`].
//! - A function that publishes the changes in a table's stream: pass its translation to
//!   [`outbox::run`].
//! - An executable for several functions: match on [`handler::name`].
//!
//! Each function writes one JSON log line per invocation ([`telemetry`]), ends before its deadline,
//! and turns errors into problem responses ([`problem`]) or partial batch failures.

pub mod api;
#[cfg(feature = "tokens")]
pub mod authorizer;
pub mod aws;
pub mod batch;
pub mod caller;
pub mod command;
pub mod config;
pub mod etag;
pub mod event;
pub mod fields;
pub mod gateway;
pub mod handler;
pub mod http;
pub mod idempotency;
#[cfg(feature = "tokens")]
pub mod jwt;
#[cfg(feature = "mail")]
pub mod mail;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod page;
pub mod problem;
pub mod publish;
pub mod queue;
#[cfg(feature = "schedules")]
pub mod schedule;
#[cfg(feature = "secrets")]
pub mod secret;
pub mod sign_up;
pub mod signature;
#[cfg(feature = "sockets")]
pub mod socket;
mod start;
pub mod steps;
pub mod store;
pub mod table;
pub mod telemetry;
#[cfg(feature = "topics")]
pub mod topic;
#[cfg(feature = "workflows")]
pub mod workflow;

pub use config::ConfigError;
pub use lambda_runtime::Error;
pub use problem::Problem;
pub use store::AwsError;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth. Huge pages
/// are off, because they would waste megabytes of a function's memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
