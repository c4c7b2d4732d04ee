//! `cargo xtask build`: the services as zip files, for this machine or for AWS Lambda.

pub mod arch;
pub mod glibc;
pub mod lambda_build;
pub mod web;
pub mod zips;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::Value;
use xtask_common::paths::Paths;
use xtask_common::python::{Packages, Venv};
use xtask_common::services::Services;
use xtask_common::steps::Steps;
use xtask_common::{prerequisites, process};

use crate::build::arch::Arch;

#[derive(Parser)]
pub struct Args {
    /// Build release zips for AWS Lambda instead of this machine
    #[arg(long)]
    lambda: bool,
    /// Processor of the functions on AWS
    #[arg(long, value_enum, default_value_t, requires = "lambda")]
    arch: Arch,
}

/// A directory with `<service>/bootstrap.zip` for each service.
pub struct Built {
    pub dir: PathBuf,
    /// Hashes of the zips by the name of the service.
    pub hashes: BTreeMap<String, String>,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let services = Services::find(paths)?;
    if !args.lambda {
        let built = for_host(paths, &services)?;
        println!("{} services in {}", built.hashes.len(), paths.shown(&built.dir));
        return Ok(());
    }
    let mut steps = Steps::new(paths, 3);
    let python = prerequisites::step(paths, &mut steps)?;
    let venv = steps.run("python packages", |step| Venv::provide(paths, &python, Packages::Lambda, step))?;
    let built = steps.run("build for Lambda", |step| {
        step.hand_over_terminal();
        let built = lambda_build::run(paths, &services, &venv, args.arch)?;
        let shown = format!("{} services", built.services.len());
        Ok((built, shown))
    })?;
    print!("\n{built}");
    Ok(())
}

/// Builds all services for this machine in one go.
pub fn for_host(paths: &Paths, services: &Services) -> Result<Built> {
    let mut cargo = process::command("cargo", paths.root());
    cargo
        .args(["build", "--bins", "--message-format", "json-render-diagnostics"])
        // With its features, the AWS SDK is compiled once for the functions and their tests.
        .args(["-p", "testkit"])
        .args(services.package_args());
    let messages = process::attached_output(&mut cargo)?;
    let executables = executables(&messages);
    let dir = services.target_dir.join("local");
    let hashes = services
        .names()
        .map(|service| {
            let binary = executables
                .get(service)
                .with_context(|| format!("cargo built no executable for the service {service}"))?;
            Ok((service.to_owned(), zips::write(binary, &dir.join(service))?))
        })
        .collect::<Result<_>>()?;
    Ok(Built { dir, hashes })
}

/// Paths of the executables by name, as cargo reports them: targets and directories are
/// configurable.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let executable = Path::new(message["executable"].as_str()?).to_owned();
            Some((message["target"]["name"].as_str()?.to_owned(), executable))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_the_messages_of_cargo() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"product"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"product"},"executable":"/t/debug/product"}
{"reason":"build-finished","success":true}"#;
        let found = executables(messages);
        assert_eq!(found.len(), 1);
        assert_eq!(found["product"], Path::new("/t/debug/product"));
    }
}
