//! `cargo xtask bench`: the cost of the functions, compared with bare SDK calls of the same paths,
//! or with growing data.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::python::Packages;
use xtask_common::services::Services;
use xtask_common::stack::LocalStack;
use xtask_common::steps::Steps;
use xtask_common::{prerequisites, process};

use crate::build::arch::Arch;
use crate::deploy::cdk::{self, Stage};
use crate::local::installs::Installs;
use crate::test::stack::Guard;

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
    for package in if needs_floors { &["bench", "floor"][..] } else { &["bench"] } {
        let mut cargo = process::command("cargo", &paths.root().join("tests/bench"));
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

/// Uses a local AWS of its own without a deployment: the template defines its tables.
fn growth(paths: &Paths, services: &Services, bench: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    let guard = Guard::over(LocalStack::of_growth(paths))?;
    let stack = guard.stack();
    let mut steps = Steps::new(paths, 5);
    let python = prerequisites::step(paths, &mut steps)?;
    let venv = Installs::start(paths, &steps, &python, Packages::Local).join(&mut steps)?;
    let template = steps.run("template", |step| {
        let functions = cdk::placeholders(services)?;
        let settings = &["capacity=on-demand"];
        let stage = Stage { name: stack.stage, arch: Arch::of_host(), functions: &functions, settings };
        let mut synth = cdk::synth(paths, &stage, &stack.assembly());
        cdk::pretend_account(&mut synth, "111122223333", "us-east-1");
        step.run(&mut synth)?;
        Ok((cdk::template(&stack.assembly(), &stage.stack()), String::new()))
    })?;
    let running = steps.run("start local AWS", |_| stack.start(paths, &venv, None))?;
    println!();
    let own: [OsString; 5] = [
        "growth".into(),
        "--endpoint".into(),
        running.endpoint().into(),
        "--template".into(),
        template.into(),
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
