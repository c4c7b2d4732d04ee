//! What every Lambda function needs and Rust has no Powertools for. It knows nothing of the
//! shop: take it to yours.
//!
//! - A function that answers HTTP: build an `axum` router and hand it to [`api::run`]. Who may call
//!   which route is said by [`caller`].
//! - A function that listens to events: hand its handler to [`queue::run`]. [`event`] says how they are read.
//! - A function that a Step Functions workflow calls: hand its handler to [`steps::run`].
//! - A function behind a WebSocket API: hand its handler to [`socket::run`], and the one that says who may connect to
//!   [`authorizer::run`].
//! - A function that publishes what a table's stream says: hand its translation to [`outbox::run`].
//! - An executable that is several functions matches on [`handler::name`].
//!
//! Each of them writes one JSON log line per invocation ([`telemetry`]), ends before its
//! deadline, and turns errors into problem responses ([`problem`]) or partial batch failures.

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

/// A request makes some two thousand small allocations; this allocator takes a fifth off its time. Without huge
/// pages, which would take megabytes of a function's memory for nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
