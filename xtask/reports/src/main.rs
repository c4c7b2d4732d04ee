//! Reports about the shop, run by `cargo xtask audit`, `cost` and `sbom`.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

mod audit;
mod cost;
mod sbom;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask_common::interrupt::{self, Interrupted};
use xtask_common::paths::Paths;

/// Reports about the shop.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version = None)]
enum Command {
    /// Look for known vulnerabilities in the packages of the shop and its tools
    Audit(audit::Args),
    /// Compute the AWS bill of a month, and the first limits that the shop reaches
    Cost(cost::Args),
    /// Write software bills of materials for the shop and its tools
    Sbom(sbom::Args),
}

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(code) => code,
        Err(error) if error.is::<Interrupted>() => ExitCode::from(interrupt::EXIT_CODE),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<ExitCode> {
    interrupt::listen()?;
    let paths = Paths::find()?;
    match command {
        Command::Audit(args) => return audit::run(&paths, args),
        Command::Cost(args) => cost::run(&paths, args)?,
        Command::Sbom(args) => sbom::run(&paths, args)?,
    }
    Ok(ExitCode::SUCCESS)
}
