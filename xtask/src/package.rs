//! Commands in packages of their own: Cargo builds them when they are first used.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use anyhow::{Context, Error, Result};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::process;

/// Operators' commands.
pub const OPERATE: &str = "xtask-operate";
/// Reports about the shop.
pub const REPORTS: &str = "xtask-reports";

/// Arguments and options of another program, its help included.
#[derive(Parser)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// What a command of `package` prints.
pub fn output(paths: &Paths, package: &str, arguments: &[&str]) -> Result<String> {
    let mut cargo = process::command("cargo", paths.root());
    process::output(cargo.args(["run", "--quiet", "--package", package, "--"]).args(arguments))
}

/// Replaces this program by a command of `package`, so that signals and the exit code are its own.
/// Returns only the error of a failure to do so.
pub fn run<T>(paths: &Paths, package: &str, command: &str, args: &Args) -> Result<T> {
    // Arguments may be paths relative to the caller's directory.
    let dir = env::current_dir().context("cannot read the working directory")?;
    let mut cargo = process::command("cargo", &dir);
    cargo.args(["run", "--package", package, "--manifest-path"]).arg(paths.root().join("Cargo.toml"));
    cargo.args(["--", command]).args(&args.arguments);
    Err(Error::from(cargo.exec()).context("cannot run cargo"))
}
