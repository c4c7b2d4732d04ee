//! Functions that answer HTTP requests, and a client for services outside AWS.

pub mod api;
pub mod client;
pub mod etag;
pub mod fields;
pub mod gateway;
pub mod idempotency;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod parameters;
pub mod problem;
pub mod stage_variables;
