//! Events and commands: handling them, and publishing them.

pub mod batch;
pub mod command;
pub mod consumer;
pub mod delivery;
pub mod event;
pub mod publish;
#[cfg(feature = "schedules")]
pub mod schedule;
#[cfg(feature = "topics")]
pub mod topic;
