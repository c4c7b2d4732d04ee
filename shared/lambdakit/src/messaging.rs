//! Events and commands: handling them, and publishing them.

#[cfg(feature = "messaging")]
pub mod batch;
#[cfg(feature = "sqs")]
pub mod command;
#[cfg(feature = "messaging")]
pub mod consumer;
#[cfg(feature = "messaging")]
pub mod delivery;
#[cfg(feature = "messaging")]
mod dispatch;
#[cfg(any(feature = "sns", feature = "sqs"))]
mod envelope;
#[cfg(feature = "messaging")]
pub mod event;
#[cfg(feature = "eventbridge")]
pub mod publish;
#[cfg(feature = "schedule")]
pub mod schedule;
#[cfg(feature = "sns")]
pub mod topic;
