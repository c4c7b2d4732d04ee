//! Step Functions: functions that are steps of a workflow, and clients that start and continue one.

#[cfg(feature = "workflow")]
pub mod executions;
pub mod steps;
