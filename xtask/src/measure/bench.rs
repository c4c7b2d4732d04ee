//! `cargo xtask bench`: the cost of the functions, compared with bare SDK calls of the same paths,
//! or with growing data.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::services::Services;
use xtask_common::stack::LocalStack;

use crate::test::stack::TestStack;

#[derive(Parser)]
pub struct Args {
    /// Measure requests with ever more products, customers and orders, on a local AWS: up to a
    /// hundred thousand, or with --largest N
    #[arg(long)]
    growth: bool,
    /// For the benchmark itself: --cold N, --warm N, --only PATH, --report FILE, or --bootstrap CMD
    /// --event FILE
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

pub fn run(paths: &Paths, args: &Args) -> Result<ExitCode> {
    let services = Services::find(paths)?;
    // A third-party function is measured alone: neither our functions nor their floors are needed.
    let is_ours = args.growth || !args.options.iter().any(|option| option.starts_with("--bootstrap"));
    if is_ours {
        let mut functions = process::command("cargo", paths.root());
        functions.args(["build", "--release", "--bins"]).args(services.package_args());
        build(functions)?;
    }
    let target = services.target_dir.join("bench");
    let needs_floors = is_ours && !args.growth;
    // Built separately, so that neither gets the features of the other.
    let floor = needs_floors.then_some(("floor", "tests/bench/floor"));
    for (package, dir) in [("bench", ".")].into_iter().chain(floor) {
        let mut cargo = process::command("cargo", &paths.root().join(dir));
        cargo.args(["build", "--release", "--locked", "-p", package, "--target-dir"]).arg(&target);
        build(cargo)?;
    }
    let bench = target.join("release/bench");
    let mut arguments: Vec<OsString> = Vec::new();
    if is_ours {
        arguments.extend(["--functions".into(), services.target_dir.join("release").into()]);
    }
    arguments.extend(args.options.iter().map(OsString::from));
    if args.growth {
        return growth(paths, &services, &bench, &arguments);
    }
    measure(paths, &bench, &arguments)
}

/// Uses a local AWS of its own without a deployment: the templates define its tables.
fn growth(paths: &Paths, services: &Services, bench: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let stack = TestStack::start_empty(paths, LocalStack::of_growth(paths), services)?;
    println!();
    let own: [OsString; 5] = [
        "growth".into(),
        "--endpoint".into(),
        stack.endpoint().into(),
        "--templates".into(),
        stack.templates().into(),
    ];
    measure(paths, bench, &[&own, arguments].concat())
}

fn measure(paths: &Paths, bench: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let status = process::attached_status(process::command(bench, paths.root()).args(arguments))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn build(mut cargo: std::process::Command) -> Result<()> {
    println!("$ {}", process::shown(&cargo));
    ensure!(process::attached_status(&mut cargo)?.success(), "the build failed");
    Ok(())
}
