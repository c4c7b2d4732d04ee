//! The local AWS keeps its data, and behaves as AWS where the project has patched it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod archives;
mod asynchronous;
mod data;
mod distributions;
mod event_sources;
mod functions;
mod http_apis;
mod local_aws;
mod mail;
mod schedules;
mod server;
mod sockets;
mod streams;
mod topics;
mod workflows;
