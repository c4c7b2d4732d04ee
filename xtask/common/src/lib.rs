//! What the developer commands share: the repository's paths, programs that are run, progress,
//! and the tools that are installed.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]
#![allow(
    missing_docs,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "not a library for others"
)]

pub mod cdk;
pub mod confirm;
pub mod fingerprint;
pub mod idle;
pub mod interrupt;
pub mod lock;
pub mod node;
pub mod paths;
pub mod prerequisites;
pub mod prices;
pub mod process;
pub mod python;
pub mod services;
pub mod shop;
pub mod stack;
pub mod steps;
pub mod table;
