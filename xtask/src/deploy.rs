//! `cargo xtask deploy` and `destroy`: a stage of the shop on AWS, with the caller's credentials.

pub mod cdk;
pub mod postman;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, anyhow};
use clap::{Parser, ValueEnum};
use xtask_common::confirm::confirm;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::python::Packages;
use xtask_common::services::Services;
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::{endpoint, stage};
use xtask_common::steps::{Steps, Tail};
use xtask_common::{node, prerequisites, process};

use crate::build::arch::Arch;
use crate::build::lambda_build;
use crate::deploy::cdk::{Environment, Stage};
use crate::local::installs::Installs;

#[derive(Parser)]
pub struct Args {
    /// Name of the stage; each is a stack of its own
    #[arg(long, default_value = "dev", value_parser = stage::parse)]
    stage: String,
    /// How tables are paid for
    #[arg(long, value_enum, default_value_t)]
    capacity: Capacity,
    /// Processor of the functions
    #[arg(long, value_enum, default_value_t)]
    arch: Arch,
    /// Another setting of the infrastructure, e.g. `allowedOrigins=https://shop.example.com`
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Parser)]
pub struct DestroyArgs {
    /// Name of the stage
    #[arg(long, default_value = "dev", value_parser = stage::parse)]
    stage: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Capacity {
    /// Within the 25 read and write units that are free
    #[default]
    FreeTier,
    /// By the request
    OnDemand,
}

impl Capacity {
    fn name(self) -> &'static str {
        match self {
            Self::FreeTier => "free-tier",
            Self::OnDemand => "on-demand",
        }
    }
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    endpoint::expect_no_endpoint()?;
    let files = StageFiles::of(paths, &args.stage);
    let _lock = Lock::take(&files.dir)?;
    let mut steps = Steps::new(paths, 6);
    let services = Services::find(paths)?;
    let python = prerequisites::step(paths, &mut steps)?;
    let venv = Installs::start(paths, &steps, &python, Packages::Lambda).join(&mut steps)?;

    // Templates first: wrong settings and missing credentials then fail before a long build.
    let capacity = format!("capacity={}", args.capacity.name());
    let mut settings = vec![&*capacity];
    settings.extend(args.settings.iter().map(String::as_str));
    let placeholders = cdk::placeholders(&services)?;
    let mut stage =
        Stage { name: &args.stage, arch: args.arch, functions: &placeholders, settings: &settings };
    let environment = account(paths, &stage, &files, &mut steps)?;
    confirm(&format!("Deploy stage {} to {}?", args.stage, environment.shown()), args.yes)?;
    let built = steps.run("build for Lambda", |step| {
        step.hand_over_terminal();
        let built = lambda_build::run(paths, &services, &venv, args.arch)?;
        let shown = format!("{} services", built.services.len());
        Ok((built, shown))
    })?;
    stage.functions = &built.dir;

    steps.run("templates", |step| {
        Ok((step.run(&mut cdk::synth(paths, &stage, &files.assembly))?, String::new()))
    })?;
    println!("\n{built}");
    let deploy = cdk::deploy(paths, &stage.stack(), &files.assembly, &files.raw_outputs);
    run_on_aws(deploy, &environment)?;
    let outputs = Outputs::from_cdk_file(&files.raw_outputs, None)?;
    outputs.write(&files.outputs)?;
    postman::write_environment(&files.postman, &outputs)?;
    println!(
        "\nStage {} is deployed.\n  API        {}\n  Outputs    {}\n  Postman    {}\n  Remove it  cargo xtask destroy --stage {0}",
        args.stage,
        outputs.api_url,
        paths.shown(&files.outputs),
        paths.shown(&files.postman),
    );
    println!(
        "\nAnyone on the internet can read the catalogue, sign up and order. docs/deploy.md says how people sign up, \
         and who becomes staff; `destroy` the stage when you are done."
    );
    Ok(())
}

pub fn destroy(paths: &Paths, args: &DestroyArgs) -> Result<()> {
    endpoint::expect_no_endpoint()?;
    let files = StageFiles::of(paths, &args.stage);
    let _lock = Lock::take(&files.dir)?;
    let mut steps = Steps::new(paths, 3);
    prerequisites::step(paths, &mut steps)?;
    steps.run("node packages", |step| Ok(((), node::provide(paths, &paths.infra(), step)?)))?;
    // Deletion needs the name and the account of the stack, not its code.
    let placeholders = cdk::placeholders(&Services::find(paths)?)?;
    let stage = Stage { name: &args.stage, arch: Arch::default(), functions: &placeholders, settings: &[] };
    let environment = account(paths, &stage, &files, &mut steps)?;
    confirm(&format!("Remove stage {} and its data from {}?", args.stage, environment.shown()), args.yes)?;
    run_on_aws(cdk::destroy(paths, &stage.stack(), &files.assembly), &environment)?;
    for file in [&files.outputs, &files.postman] {
        xtask_common::fingerprint::forget(file)?;
    }
    println!(
        "\nStage {} is gone. Stages whose name starts with `prod` leave their tables behind.",
        args.stage
    );
    Ok(())
}

/// Account and region of the caller's credentials, found by synthesizing the templates.
fn account(paths: &Paths, stage: &Stage, files: &StageFiles, steps: &mut Steps) -> Result<Environment> {
    steps.run("check account", |step| {
        step.run(&mut cdk::synth(paths, stage, &files.assembly))?;
        let environment = cdk::environment(&files.assembly, &stage.stack())?.ok_or_else(no_credentials)?;
        let shown = format!("{} in {}", environment.account, environment.region);
        Ok((environment, shown))
    })
}

/// Directory for the results of a stage on AWS.
struct StageFiles {
    dir: PathBuf,
    assembly: PathBuf,
    raw_outputs: PathBuf,
    outputs: PathBuf,
    postman: PathBuf,
}

impl StageFiles {
    fn of(paths: &Paths, stage: &str) -> Self {
        let local = paths.local();
        let dir = local.join(format!("aws-{stage}"));
        Self {
            assembly: dir.join("cdk.out"),
            raw_outputs: dir.join("cdk-outputs.json"),
            outputs: stage::outputs_file(paths, stage),
            postman: local.join(format!("postman/aws-{stage}.postman_environment.json")),
            dir,
        }
    }
}

impl Environment {
    fn shown(&self) -> String {
        format!("account {} in {}", self.account, self.region)
    }
}

/// Runs a command of the CDK on the terminal, and explains the usual failures of a first
/// deployment.
fn run_on_aws(mut command: Command, environment: &Environment) -> Result<()> {
    let mut tail = Tail::default();
    let status = process::lines(&mut command, |line| {
        println!("{line}");
        tail.push(line);
    })?;
    if status.success() {
        return Ok(());
    }
    Err(match remedy(&tail.to_string(), environment) {
        Some(remedy) => anyhow!(remedy),
        None => anyhow!("`{}` failed ({status}); its output above says why", process::shown(&command)),
    })
}

fn remedy(output: &str, environment: &Environment) -> Option<String> {
    let says = |signs: &[&str]| signs.iter().any(|sign| output.contains(sign));
    if says(&["cdk bootstrap", "/cdk-bootstrap/", "CDKToolkit"]) {
        let Environment { account, region } = environment;
        return Some(format!(
            "{} is not prepared for the CDK yet; once: `cd infra && npx cdk bootstrap --app '' aws://{account}/{region}`",
            environment.shown()
        ));
    }
    if says(&[
        "ExpiredToken",
        "security token included in the request is",
        "Token has expired",
        "SSO session",
    ]) {
        return Some(
            "your AWS credentials have expired or are wrong; `aws sso login` or new keys help".to_owned(),
        );
    }
    None
}

fn no_credentials() -> anyhow::Error {
    anyhow!(
        "no AWS credentials or region found; run `aws configure` or `aws sso login`, \
         then set AWS_PROFILE and AWS_REGION if they are not the default ones (see docs/deploy.md)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment { account: "111122223333".to_owned(), region: "eu-west-1".to_owned() }
    }

    #[test]
    fn an_unprepared_account_gets_the_command_that_prepares_it() {
        let output = "SSM parameter /cdk-bootstrap/hnb659fds/version not found. Has the environment been bootstrapped?";
        let remedy = remedy(output, &environment()).unwrap();
        assert!(remedy.contains("npx cdk bootstrap --app '' aws://111122223333/eu-west-1"));
    }

    #[test]
    fn expired_credentials_are_told_apart() {
        let output = "ExpiredToken: The security token included in the request is expired";
        assert!(remedy(output, &environment()).unwrap().contains("aws sso login"));
        assert_eq!(remedy("UPDATE_ROLLBACK_COMPLETE", &environment()), None);
    }
}
