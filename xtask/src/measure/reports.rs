//! `cargo xtask audit`, `cost` and `sbom`: run the package `xtask-reports`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::process;

#[derive(Parser)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

pub fn run(paths: &Paths, report: &str, args: &Args) -> Result<ExitCode> {
    let mut cargo = process::command("cargo", paths.root());
    cargo.args(["run", "--quiet", "--locked", "-p", "xtask-reports", "--", report]).args(&args.arguments);
    let status = process::attached_status(&mut cargo)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
