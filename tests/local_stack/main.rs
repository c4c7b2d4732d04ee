//! The local AWS keeps what it was given, and where we have mended it it does as AWS does.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod archives;
mod data;
mod functions;
mod local_aws;
mod mail;
mod secrets;
mod server;
mod sockets;
mod streams;
mod topics;
mod workflows;
