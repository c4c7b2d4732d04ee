//! What customers, staff and troublemakers see of a running shop.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod edge;
mod me;
mod once;
mod queues;
mod readme;
mod realtime;
mod replay;
mod saga;
mod story;
mod tokens;
mod webhook;
