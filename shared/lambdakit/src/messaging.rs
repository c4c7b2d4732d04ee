//! Events and commands: reading them from queues, and publishing them.

pub mod batch;
pub mod command;
pub mod event;
pub mod publish;
pub mod queue;
#[cfg(feature = "schedules")]
pub mod schedule;
#[cfg(feature = "topics")]
pub mod topic;
