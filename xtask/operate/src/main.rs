//! Commands for the operators of a shop, local or on AWS. `cargo xtask` runs this program, with the
//! same arguments.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

mod credentials;
mod dlq;
mod inspect;
mod logs;
mod mail;
mod queues;
mod realtime;
mod replay;
mod republish;
mod secrets;
mod signer;
mod site;
mod status;
mod target;
mod token;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask_common::interrupt::{self, Interrupted};
use xtask_common::paths::Paths;

/// Commands for the operators of a shop, local or on AWS.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version = None)]
enum Command {
    /// Show what runs locally, and how many messages wait in each queue
    Status(status::Args),
    /// Print the log lines of the local functions
    Logs(logs::Args),
    /// Sign in and print the token that the API takes
    Token(token::Args),
    /// Print each new status of orders
    Watch(realtime::WatchArgs),
    /// Chat with the shop's staff, or with a customer
    Chat(realtime::ChatArgs),
    /// List, retry or delete the messages in the dead-letter queues and failure queues
    Dlq(dlq::Args),
    /// Short for `dlq redrive`
    Redrive(dlq::RedriveArgs),
    /// Publish recent events again, from the archive of a shop's bus
    Replay(replay::Args),
    /// Publish the rows of a table again, after an outage longer than a day
    Republish(republish::Args),
    /// Print the mails that a shop has stored instead of sending them
    Mail(mail::Args),
    /// Answer a question of `cargo xtask deploy` about a stage
    #[command(hide = true)]
    Inspect(inspect::Args),
    /// Create the missing secrets of a stage, or delete all, for `cargo xtask deploy` and `destroy`
    #[command(hide = true)]
    Secrets(secrets::Args),
    /// Upload or remove the files of a stage's site, for `cargo xtask deploy` and `destroy`
    #[command(hide = true)]
    Site(site::Args),
}

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("\ninterrupted");
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    interrupt::listen()?;
    let paths = Paths::find()?;
    match command {
        Command::Status(args) => status::run(&paths, args),
        Command::Logs(args) => logs::run(&paths, args),
        Command::Token(args) => token::run(&paths, args),
        Command::Watch(args) => realtime::watch(&paths, args),
        Command::Chat(args) => realtime::chat(&paths, args),
        Command::Dlq(args) => dlq::run(&paths, args),
        Command::Redrive(args) => dlq::redrive(&paths, args),
        Command::Replay(args) => replay::run(&paths, args),
        Command::Republish(args) => republish::run(&paths, args),
        Command::Mail(args) => mail::run(&paths, args),
        Command::Inspect(args) => inspect::run(&paths, args),
        Command::Secrets(args) => secrets::run(&paths, args),
        Command::Site(args) => site::run(&paths, args),
    }
}
