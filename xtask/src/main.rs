//! `cargo xtask`: every developer command of the shop.
//!
//! One module per command; shared code has modules of its own: `paths` has the directories,
//! `process` runs programs, `steps` prints progress, `stack` is the local AWS, `cdk` has the CDK's
//! command lines.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

mod audit;
mod aws;
mod bench;
mod build;
mod caller;
mod cdk;
mod chaos;
mod confirm;
mod cost;
#[cfg(test)]
mod dependency_rules;
mod deploy;
mod dlq;
mod down;
mod environments;
mod fingerprint;
mod glibc;
mod installs;
mod interrupt;
mod lambda_build;
#[cfg(test)]
mod line_endings;
mod load;
mod local_deploy;
mod lock;
mod logs;
mod mail;
#[cfg(test)]
mod named_tests;
mod node;
mod open_files;
mod outputs;
mod paths;
mod postman;
mod prerequisites;
mod private_file;
mod process;
mod python;
mod queues;
mod realtime;
mod replay;
mod sbom;
mod seed;
mod services;
mod shop;
mod sign_in;
mod stack;
mod status;
mod steps;
mod table;
mod test;
mod test_stack;
mod token;
mod tools;
mod up;
mod users;
#[cfg(test)]
mod workflows;
mod zips;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::paths::Paths;

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
    Up(up::Args),
    /// Stop the local shop; its data stays
    Down(down::Args),
    /// Show what runs locally, and how many messages wait in each queue
    Status(status::Args),
    /// Print the log lines of the local functions
    Logs(logs::Args),
    /// Fill the local catalogue with a few products
    Seed(seed::Args),
    /// Sign in and print the token that the API takes
    Token(token::Args),
    /// Print each new status of orders
    Watch(realtime::WatchArgs),
    /// Chat with the shop's staff, or with a customer
    Chat(realtime::ChatArgs),
    /// Build the functions, for this machine or for AWS Lambda
    Build(build::Args),
    /// Deploy to AWS with your credentials
    Deploy(deploy::Args),
    /// Remove a stage from AWS
    Destroy(deploy::DestroyArgs),
    /// List, redrive or delete the messages in the dead-letter queues
    Dlq(dlq::Args),
    /// Short for `dlq redrive`
    Redrive(dlq::RedriveArgs),
    /// Publish recent events again, from the archive of a shop's bus
    Replay(replay::Args),
    /// Print the mails that a shop has stored instead of sending them
    Mail(mail::Args),
    /// Run all tests, or the named parts
    Test(test::Args),
    /// Look for known vulnerabilities in the packages of the shop and its tools
    Audit(audit::Args),
    /// Write software bills of materials for the shop and its tools
    Sbom(sbom::Args),
    /// Measure the functions next to the bare SDK calls of the same paths
    Bench(bench::Args),
    /// Run the shop while calls fail and functions are killed
    Chaos(chaos::Args),
    /// Compute the AWS bill of a month, and the first limits that the shop reaches
    Cost(cost::Args),
    /// Send customers to the shop, and measure their response times
    Load(load::Args),
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
    open_files::allow_many()?;
    let paths = Paths::find()?;
    match command {
        Command::Up(args) => up::run(&paths, &args)?,
        Command::Down(args) => down::run(&paths, &args)?,
        Command::Status(args) => status::run(&paths, &args)?,
        Command::Logs(args) => logs::run(&paths, &args)?,
        Command::Seed(args) => seed::run(&paths, &args)?,
        Command::Token(args) => token::run(&paths, &args)?,
        Command::Watch(args) => realtime::watch(&paths, &args)?,
        Command::Chat(args) => realtime::chat(&paths, &args)?,
        Command::Build(args) => build::run(&paths, &args)?,
        Command::Deploy(args) => deploy::run(&paths, &args)?,
        Command::Destroy(args) => deploy::destroy(&paths, &args)?,
        Command::Dlq(args) => dlq::run(&paths, &args)?,
        Command::Redrive(args) => dlq::redrive(&paths, &args)?,
        Command::Replay(args) => replay::run(&paths, &args)?,
        Command::Mail(args) => mail::run(&paths, &args)?,
        Command::Test(args) => return test::run(&paths, &args),
        Command::Cost(args) => cost::run(&paths, &args)?,
        Command::Sbom(args) => sbom::run(&paths, &args)?,
        Command::Audit(args) => return audit::run(&paths, &args),
        Command::Bench(args) => return bench::run(&paths, &args),
        Command::Load(args) => return load::run(&paths, &args),
        Command::Chaos(args) => return chaos::run(&paths, &args),
    }
    Ok(ExitCode::SUCCESS)
}
