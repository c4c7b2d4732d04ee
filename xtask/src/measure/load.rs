//! `cargo xtask load`: sends customers to a shop at a fixed rate, independent of its response
//! times.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::services::Services;
use xtask_common::stack::LocalStack;

#[derive(Parser)]
pub struct Args {
    /// Customers who arrive each second
    #[arg(long, default_value_t = 5.0)]
    rate: f64,
    /// How long customers arrive
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many different customers there are [default: half a minute's worth, 20 at least]
    #[arg(long)]
    customers: Option<u32>,
    /// The shop, by its outputs [default: the local one]. For a stage on AWS a file of your own
    /// will do, with apiUrl, region and userPoolClientId
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// Customers who can sign in already, as JSON: [{"userName": "...", "password": "..."}]. Needed
    /// on AWS, where an operator has to confirm each new one
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Random seed for when customers arrive and what they buy
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn run(paths: &Paths, args: &Args) -> Result<ExitCode> {
    let target = Services::find(paths)?.target_dir;
    let build = target.join("load-build");
    let mut cargo = process::command("cargo", paths.root());
    cargo.args(["build", "--profile", "load", "--locked", "-p", "load", "--target-dir"]).arg(&build);
    println!("$ {}", process::shown(&cargo));
    ensure!(process::attached_status(&mut cargo)?.success(), "the build failed");

    let outputs = match &args.outputs {
        Some(file) => std::path::absolute(file).context("where are the outputs?")?,
        None => LocalStack::of_developer(paths).outputs(),
    };
    let mut load = process::command(build.join("load/load"), paths.root());
    load.arg("--outputs").arg(outputs).arg("--results").arg(target.join("load"));
    load.args(["--rate", &args.rate.to_string(), "--seconds", &args.seconds.to_string()]);
    load.args(["--seed", &args.seed.to_string()]);
    if let Some(customers) = args.customers {
        load.args(["--customers", &customers.to_string()]);
    }
    if let Some(users) = &args.users {
        load.arg("--users").arg(std::path::absolute(users).context("where are the users?")?);
    }
    let status = process::attached_status(&mut load)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
