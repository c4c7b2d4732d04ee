//! `cargo xtask`: every developer command of the shop.
//!
//! `local` runs the shop on this machine, `build` and `deploy` bring it to AWS, `test` runs the tests,
//! `measure` starts the programs that measure. Operators' commands and reports are packages of their
//! own in `operate/` and `reports/`, which `package` runs, and `common/` is a library for all three.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

mod build;
mod deploy;
mod local;
mod measure;
mod package;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask_common::interrupt;
use xtask_common::paths::Paths;

use crate::package::{OPERATE, REPORTS};

/// The developer commands of the shop.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version = None, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    // local
    /// Build the shop and run it on this machine. Safe to repeat
    Up(local::up::Args),
    /// Stop the local shop; its data stays
    Down(local::down::Args),
    /// Fill the local catalogue with a few products
    Seed(local::seed::Args),

    // build, deploy
    /// Build the functions, for this machine or for AWS Lambda
    Build(build::Args),
    /// Deploy to AWS with your credentials
    Deploy(deploy::Args),
    /// Remove a stage from AWS
    Destroy(deploy::DestroyArgs),

    // operate
    /// Show what runs locally, and how many messages wait in each queue
    Status(package::Args),
    /// Print the log lines of the local functions
    Logs(package::Args),
    /// Sign in and print the token that the API takes
    Token(package::Args),
    /// Print each new status of orders
    Watch(package::Args),
    /// Chat with the shop's staff, or with a customer
    Chat(package::Args),
    /// List, retry or delete the messages in the dead-letter queues and failure queues
    Dlq(package::Args),
    /// Short for `dlq redrive`
    Redrive(package::Args),
    /// Publish recent events again, from the archive of a shop's bus
    Replay(package::Args),
    /// Publish the rows of a table again, after an outage longer than a day
    Republish(package::Args),
    /// Print the mails that a shop has stored instead of sending them
    Mail(package::Args),

    // test, measure
    /// Run all tests, or the named parts
    Test(test::Args),
    /// Measure the functions next to the bare SDK calls of the same paths
    Bench(measure::bench::Args),
    /// Run the shop while calls fail and functions are killed
    Chaos(measure::chaos::Args),
    /// Send customers to the shop, and measure their response times
    Load(measure::load::Args),

    // reports
    /// Look for known vulnerabilities in the packages of the shop and its tools
    Audit(package::Args),
    /// Compute the AWS bill of a month, and the first limits that the shop reaches
    Cost(package::Args),
    /// Write software bills of materials for the shop and its tools
    Sbom(package::Args),
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
        Command::Seed(args) => local::seed::run(&paths, &args)?,

        Command::Build(args) => build::run(&paths, &args)?,
        Command::Deploy(args) => deploy::run(&paths, &args)?,
        Command::Destroy(args) => deploy::destroy(&paths, &args)?,

        Command::Status(args) => package::run(&paths, OPERATE, "status", &args)?,
        Command::Logs(args) => package::run(&paths, OPERATE, "logs", &args)?,
        Command::Token(args) => package::run(&paths, OPERATE, "token", &args)?,
        Command::Watch(args) => package::run(&paths, OPERATE, "watch", &args)?,
        Command::Chat(args) => package::run(&paths, OPERATE, "chat", &args)?,
        Command::Dlq(args) => package::run(&paths, OPERATE, "dlq", &args)?,
        Command::Redrive(args) => package::run(&paths, OPERATE, "redrive", &args)?,
        Command::Replay(args) => package::run(&paths, OPERATE, "replay", &args)?,
        Command::Republish(args) => package::run(&paths, OPERATE, "republish", &args)?,
        Command::Mail(args) => package::run(&paths, OPERATE, "mail", &args)?,

        Command::Test(args) => return test::run(&paths, &args),
        Command::Bench(args) => return measure::bench::run(&paths, &args),
        Command::Chaos(args) => return measure::chaos::run(&paths, &args),
        Command::Load(args) => return measure::load::run(&paths, &args),

        Command::Audit(args) => package::run(&paths, REPORTS, "audit", &args)?,
        Command::Cost(args) => package::run(&paths, REPORTS, "cost", &args)?,
        Command::Sbom(args) => package::run(&paths, REPORTS, "sbom", &args)?,
    }
    Ok(ExitCode::SUCCESS)
}
