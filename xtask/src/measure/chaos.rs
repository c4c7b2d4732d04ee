//! `cargo xtask chaos`: runs the shop under load, while AWS calls fail and functions are killed.

use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::stack::LocalStack;

use crate::deploy::settings::SettingsArgs;
use crate::test::stack::TestStack;

#[derive(Parser)]
pub struct Args {
    /// How long customers keep ordering
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Repeats the faults of an earlier run [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// Where to write the report of the run, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<ExitCode> {
    let seed = match args.seed {
        Some(seed) => seed,
        None => some_seed()?,
    };
    let stack = TestStack::start(paths, LocalStack::of_chaos(paths), &args.settings)?;
    let mut program = program(paths, args.minutes, seed);
    if let Some(report) = &args.report {
        program.arg("--report").arg(std::path::absolute(report).context("where is the report?")?);
    }
    println!("\n$ {}", process::shown(&program));
    let status = process::attached_status(program.envs(stack.environment()?))?;
    Ok(exit_code(status))
}

fn program(paths: &Paths, minutes: u32, seed: u64) -> Command {
    let mut cargo = process::command("cargo", paths.root());
    cargo.args(["run", "-q", "-p", "shop-tests", "--bin", "chaos", "--"]).args([
        "--minutes",
        &minutes.to_string(),
        "--seed",
        &seed.to_string(),
    ]);
    cargo
}

/// Short enough to type again.
fn some_seed() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(u64::from(now.subsec_micros()))
}

/// The exit code of the program, or the usual failure when a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn the_exit_code_is_that_of_the_program() {
        let code = |raw| format!("{:?}", exit_code(ExitStatus::from_raw(raw)));
        assert_eq!(code(3 << 8), format!("{:?}", ExitCode::from(3)));
        let killed = 9;
        assert_eq!(code(killed), format!("{:?}", ExitCode::FAILURE));
    }
}
