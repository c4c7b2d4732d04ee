//! `cargo xtask`: every developer command of the shop.
//!
//! `local` runs the shop on this machine, `build` and `deploy` bring it to AWS, `operate` has the
//! commands for a running shop, `test` runs the tests. What is seldom used is a package of its own,
//! which `measure` runs. `shop` reads a deployed shop, for all of them.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

mod build;
mod deploy;
mod local;
mod measure;
mod operate;
mod shop;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use xtask_common::interrupt;
use xtask_common::paths::Paths;

/// The developer commands of the shop.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the shop and run it on this machine. Safe to repeat
    Up(local::up::Args),
    /// Stop the local shop; its data stays
    Down(local::down::Args),
    /// Show what runs locally, and how many messages wait in each queue
    Status(operate::status::Args),
    /// Print the log lines of the local functions
    Logs(operate::logs::Args),
    /// Fill the local catalogue with a few products
    Seed(local::seed::Args),
    /// Sign in and print the token that the API takes
    Token(operate::token::Args),
    /// Print each new status of orders
    Watch(operate::realtime::WatchArgs),
    /// Chat with the shop's staff, or with a customer
    Chat(operate::realtime::ChatArgs),
    /// Build the functions, for this machine or for AWS Lambda
    Build(build::Args),
    /// Deploy to AWS with your credentials
    Deploy(deploy::Args),
    /// Remove a stage from AWS
    Destroy(deploy::DestroyArgs),
    /// List, redrive or delete the messages in the dead-letter queues
    Dlq(operate::dlq::Args),
    /// Short for `dlq redrive`
    Redrive(operate::dlq::RedriveArgs),
    /// Publish recent events again, from the archive of a shop's bus
    Replay(operate::replay::Args),
    /// Print the mails that a shop has stored instead of sending them
    Mail(operate::mail::Args),
    /// Run all tests, or the named parts
    Test(test::Args),
    /// Look for known vulnerabilities in the packages of the shop and its tools
    Audit(measure::reports::Args),
    /// Write software bills of materials for the shop and its tools
    Sbom(measure::reports::Args),
    /// Measure the functions next to the bare SDK calls of the same paths
    Bench(measure::bench::Args),
    /// Run the shop while calls fail and functions are killed
    Chaos(measure::chaos::Args),
    /// Compute the AWS bill of a month, and the first limits that the shop reaches
    Cost(measure::reports::Args),
    /// Send customers to the shop, and measure their response times
    Load(measure::load::Args),
}

impl Command {
    /// Whether its partial results make a repeated run shorter.
    fn goes_on(&self) -> bool {
        matches!(self, Self::Up(_) | Self::Build(_) | Self::Deploy(_) | Self::Destroy(_))
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let goes_on = command.goes_on();
    match run(command) {
        Ok(code) => code,
        Err(error) if error.is::<interrupt::Interrupted>() => {
            eprintln!("\ninterrupted{}", if goes_on { "; the same command goes on from here" } else { "" });
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    interrupt::listen()?;
    local::open_files::allow_many()?;
    let paths = Paths::find()?;
    match command {
        Command::Up(args) => local::up::run(&paths, &args)?,
        Command::Down(args) => local::down::run(&paths, &args)?,
        Command::Status(args) => operate::status::run(&paths, &args)?,
        Command::Logs(args) => operate::logs::run(&paths, &args)?,
        Command::Seed(args) => local::seed::run(&paths, &args)?,
        Command::Token(args) => operate::token::run(&paths, &args)?,
        Command::Watch(args) => operate::realtime::watch(&paths, &args)?,
        Command::Chat(args) => operate::realtime::chat(&paths, &args)?,
        Command::Build(args) => build::run(&paths, &args)?,
        Command::Deploy(args) => deploy::run(&paths, &args)?,
        Command::Destroy(args) => deploy::destroy(&paths, &args)?,
        Command::Dlq(args) => operate::dlq::run(&paths, &args)?,
        Command::Redrive(args) => operate::dlq::redrive(&paths, &args)?,
        Command::Replay(args) => operate::replay::run(&paths, &args)?,
        Command::Mail(args) => operate::mail::run(&paths, &args)?,
        Command::Test(args) => return test::run(&paths, &args),
        Command::Audit(args) => return measure::reports::run(&paths, "audit", &args),
        Command::Cost(args) => return measure::reports::run(&paths, "cost", &args),
        Command::Sbom(args) => return measure::reports::run(&paths, "sbom", &args),
        Command::Bench(args) => return measure::bench::run(&paths, &args),
        Command::Load(args) => return measure::load::run(&paths, &args),
        Command::Chaos(args) => return measure::chaos::run(&paths, &args),
    }
    Ok(ExitCode::SUCCESS)
}
