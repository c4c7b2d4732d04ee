//! `cargo xtask bench`: what the functions cost, next to the bare SDK calls of the same paths.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::functions::Services;
use crate::paths::Paths;
use crate::process;

#[derive(Parser)]
pub struct Args {
    /// For the benchmark itself: --cold N, --warm N, --only PATH, --report FILE, or --bootstrap CMD --event FILE
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

pub fn run(paths: &Paths, args: &Args) -> Result<ExitCode> {
    let services = Services::find(paths)?;
    // A function of somebody else's is measured by itself: neither ours nor their floors are needed.
    let is_ours = !args.options.iter().any(|option| option.starts_with("--bootstrap"));
    if is_ours {
        let mut functions = process::command("cargo", paths.root());
        functions.args(["build", "--release", "--bins"]).args(services.package_args());
        build(functions)?;
    }
    let target = services.target_dir.join("bench");
    // Apart from each other, so that neither is built with the features of the other.
    for package in if is_ours { &["bench", "floor"][..] } else { &["bench"] } {
        let mut cargo = process::command("cargo", &paths.root().join("tests/bench"));
        cargo.args(["build", "--release", "--locked", "-p", package, "--target-dir"]).arg(&target);
        build(cargo)?;
    }
    let mut bench = process::command(target.join("release/bench"), paths.root());
    if is_ours {
        bench.arg("--functions").arg(services.target_dir.join("release"));
    }
    let status = process::attached_status(bench.args(&args.options))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn build(mut cargo: std::process::Command) -> Result<()> {
    println!("$ {}", process::shown(&cargo));
    ensure!(process::attached_status(&mut cargo)?.success(), "the build failed");
    Ok(())
}
