//! Functions that answer HTTP requests.

pub mod api;
pub mod etag;
pub mod fields;
pub mod gateway;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod parameters;
pub mod problem;
pub mod stage_variables;
