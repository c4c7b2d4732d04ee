//! End-to-end tests of a running shop, as customers, staff and attackers.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod edge;
mod failures;
mod me;
mod once;
mod queues;
mod readme;
mod realtime;
mod replay;
mod saga;
mod search;
mod story;
mod tokens;
mod webhook;
