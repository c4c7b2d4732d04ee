//! `cargo xtask deploy` and `destroy`: a stage of the shop on AWS, with the caller's credentials.

pub mod account;
pub mod cdk;
pub mod late;
pub mod plan;
pub mod postman;
mod remedy;
pub mod removal;
pub mod settings;
mod stacks;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, anyhow};
use clap::Parser;
use xtask_common::confirm::confirm;
use xtask_common::idle;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::python::Packages;
use xtask_common::services::Services;
use xtask_common::shop::outputs::{Outputs, StackOutputs};
use xtask_common::shop::{endpoint, stage};
use xtask_common::steps::{Steps, Tail};
use xtask_common::{node, prerequisites, process};

use crate::build::arch::Arch;
use crate::build::lambda_build;
use crate::deploy::account::Account;
use crate::deploy::cdk::{Environment, Stage};
use crate::deploy::plan::{Plan, ServicesArgs};
use crate::deploy::remedy::remedy;
use crate::deploy::removal::Removal;
use crate::deploy::settings::{Settings, SettingsArgs};
use crate::local::installs::Installs;
use crate::local::{site, up};

#[derive(Parser)]
pub struct Args {
    /// Name of the stage; each has stacks of its own
    #[arg(long, default_value = "dev", value_parser = stage::parse)]
    stage: String,
    #[command(flatten)]
    services: ServicesArgs,
    /// Processor of the functions
    #[arg(long, value_enum, default_value_t)]
    arch: Arch,
    #[command(flatten)]
    settings: SettingsArgs,
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

/// The services of a new stage on AWS.
const DEFAULT_SERVICES: &str = "core";

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    endpoint::expect_no_endpoint()?;
    let name = &*args.stage;
    let files = StageFiles::of(paths, name);
    let _lock = Lock::take(&files.dir)?;
    let mut steps = Steps::new(paths, 8);
    let all = Services::find(paths)?;
    let python = prerequisites::step(paths, &mut steps)?;
    let venv = Installs::start(paths, &steps, &python, Packages::Lambda).join(&mut steps)?;

    // Templates first: wrong settings and missing credentials then fail before a long build.
    let placeholders = cdk::placeholders(&all)?;
    let given = Settings::default().with(&args.settings).lines();
    Plan::expect_settings(paths, &given)?;
    let draft = Stage { name, arch: args.arch, functions: &placeholders, settings: &given };
    let environment = account(paths, &draft, &files, &mut steps)?;
    let region = environment.region.clone();
    let aws = Account::Aws(paths, environment);
    let (settings, plan, deployed) = steps.run("services", |step| {
        step.note("looking up what the stage has");
        aws.expect_no_single_stack(name)?;
        let every = Plan::all(paths)?;
        let stacks = aws.stacks(&every, name)?;
        stacks.expect_idle()?;
        let deployed = stacks.services(&every);
        let settings = aws.settings(name)?.with(&args.settings);
        let plan = args.services.plan(paths, &deployed, DEFAULT_SERVICES, &settings.lines())?;
        stacks.expect_deployable(&plan, &aws.environment().region)?;
        let shown = plan.names().collect::<Vec<_>>().join(", ");
        Ok(((settings, plan, deployed), shown))
    })?;
    let added = plan.added(&args.services, &deployed);
    let removal = Removal::of(&plan, &deployed, name);
    let consequences = removal.consequences(&files.stack_outputs);
    for line in settings.shown().into_iter().chain(added).chain(consequences) {
        println!("      {line}");
    }
    removal.expect_no_failure(&aws)?;
    confirm(&format!("Deploy stage {name} to {aws}?"), args.yes)?;
    let built = steps.run("build for Lambda", |step| {
        step.hand_over_terminal();
        let built = lambda_build::run(paths, &all.among(&plan.packages()), &venv, args.arch)?;
        let shown = format!("{} executables", built.services.len());
        Ok((built, shown))
    })?;
    let pages = site::start(paths, &steps, plan.has_site());
    let pages = site::join(pages, &mut steps)?;

    let with_services: Vec<String> = settings.lines().into_iter().chain([plan.setting()]).collect();
    let stage = Stage { functions: &built.dir, settings: &with_services, ..draft };
    steps.run("templates", |step| {
        Ok((step.run(&mut cdk::synth(paths, &stage, &files.assembly)?)?, String::new()))
    })?;
    println!("\n{built}");
    aws.provide_secrets(name)?;
    removal.wait_until_finished(&aws)?;
    let stacks = plan.stacks_to_deploy(args.services.only(), &deployed);
    run_on_aws(cdk::deploy(paths, &stacks, &files.assembly, &files.raw_outputs), &aws)?;
    if !removal.is_nothing() {
        // Work may have come in meanwhile; by now the routes are gone.
        removal.wait_until_finished(&aws)?;
        let removed = Stage { settings: &[removal.setting()], ..draft };
        process::attached(&mut cdk::synth(paths, &removed, &files.removal_assembly)?)?;
        removal.prepare(&aws)?;
        let stacks: Vec<&str> = removal.services().collect();
        run_on_aws(cdk::destroy(paths, &stacks, &files.removal_assembly), &aws)?;
    }
    let stack_outputs = files.stack_outputs(&plan, name)?;
    let late = late::advice(&plan.joining(&deployed), &stack_outputs, &aws, name);
    let outputs = Outputs::of_stacks(stack_outputs, None)?;
    outputs.write(&files.outputs)?;
    if let Some(dist) = &pages {
        aws.upload_site(&plan.names().collect::<Vec<_>>(), &files.outputs, dist)?;
    }
    postman::write_environment(&files.postman, &outputs)?;
    if let Some(resumed) = removal::resume_intake(&plan, &aws, name)? {
        println!("{resumed}");
    }
    // Of some regions no prices are known.
    if let Ok(bill) = idle::bill_in(&region, &files.assembly) {
        println!("\nIdle, a month:\n{}", bill.table());
    }
    println!(
        "\nStage {name} is deployed.\n{}  API        {}\n  Outputs    {}\n  Postman    {}\n  Remove it  cargo xtask destroy --stage {name}",
        outputs.site_url().map(up::pages).unwrap_or_default(),
        outputs.api_url,
        paths.shown(&files.outputs),
        paths.shown(&files.postman),
    );
    println!(
        "\nAnyone on the internet can read the catalogue, sign up and order. docs/deploy.md says how people sign up, \
         and who becomes staff; `destroy` the stage when you are done."
    );
    if let Some(late) = late {
        println!("\n{late}");
    }
    Ok(())
}

pub fn destroy(paths: &Paths, args: &DestroyArgs) -> Result<()> {
    endpoint::expect_no_endpoint()?;
    let name = &*args.stage;
    let files = StageFiles::of(paths, name);
    let _lock = Lock::take(&files.dir)?;
    let mut steps = Steps::new(paths, 3);
    prerequisites::step(paths, &mut steps)?;
    steps.run("node packages", |step| Ok(((), node::provide(paths, paths.root(), step)?)))?;
    // Deletion needs the names and the account of the stacks, not their code.
    let placeholders = cdk::placeholders(&Services::find(paths)?)?;
    let settings = &["services=all".to_owned()];
    let stage = Stage { name, arch: Arch::default(), functions: &placeholders, settings };
    let aws = Account::Aws(paths, account(paths, &stage, &files, &mut steps)?);
    let plan = Plan::all(paths)?;
    aws.stacks(&plan, name)?.expect_idle()?;
    confirm(&format!("Remove stage {name}, its data and its secrets from {aws}?"), args.yes)?;
    aws.empty_site(name)?;
    // Stacks that are not deployed are passed over.
    run_on_aws(cdk::destroy(paths, &plan.stacks(), &files.assembly), &aws)?;
    aws.delete_secrets(name)?;
    for file in [&files.outputs, &files.stack_outputs, &files.postman] {
        xtask_common::fingerprint::forget(file)?;
    }
    println!("\nStage {name} is gone. Stages whose name starts with `prod` leave their tables behind.");
    Ok(())
}

/// Account and region of the caller's credentials, found by synthesizing the templates.
fn account(paths: &Paths, stage: &Stage, files: &StageFiles, steps: &mut Steps) -> Result<Environment> {
    steps.run("check account", |step| {
        step.run(&mut cdk::synth(paths, stage, &files.assembly)?)?;
        let environment = cdk::environment(&files.assembly)?.ok_or_else(no_credentials)?;
        let shown = format!("{} in {}", environment.account, environment.region);
        Ok((environment, shown))
    })
}

/// Directory for the results of a stage on AWS.
struct StageFiles {
    dir: PathBuf,
    assembly: PathBuf,
    /// The templates of stacks that are removed.
    removal_assembly: PathBuf,
    raw_outputs: PathBuf,
    stack_outputs: PathBuf,
    outputs: PathBuf,
    postman: PathBuf,
}

impl StageFiles {
    fn of(paths: &Paths, stage: &str) -> Self {
        let local = paths.local();
        let dir = local.join(format!("aws-{stage}"));
        Self {
            assembly: dir.join("cdk.out"),
            removal_assembly: dir.join("removal/cdk.out"),
            raw_outputs: dir.join("cdk-outputs.json"),
            stack_outputs: dir.join("stack-outputs.json"),
            outputs: stage::outputs_file(paths, stage),
            postman: local.join(format!("postman/aws-{stage}.postman_environment.json")),
            dir,
        }
    }

    /// The outputs of all stacks, those of an earlier deployment included.
    fn stack_outputs(&self, plan: &Plan, stage: &str) -> Result<StackOutputs> {
        let names: Vec<String> =
            plan.stacks().iter().map(|service| stage::stack_name(stage, service)).collect();
        StackOutputs::merge(&self.stack_outputs, &self.raw_outputs, &names)
    }
}

/// Runs a command of the CDK on the terminal, and explains its usual failures.
fn run_on_aws(mut command: Command, aws: &Account) -> Result<()> {
    let mut tail = Tail::default();
    let status = process::lines(&mut command, |line| {
        println!("{line}");
        tail.push(line);
    })?;
    if status.success() {
        return Ok(());
    }
    Err(match remedy(&tail.to_string(), &aws.environment()) {
        Some(remedy) => anyhow!(remedy),
        None => anyhow!(
            "`{}` failed ({status}); its output above says why, and the same command goes on from there",
            process::shown(&command)
        ),
    })
}

fn no_credentials() -> anyhow::Error {
    anyhow!(
        "no AWS credentials or region found; run `aws configure` or `aws sso login`, \
         then set AWS_PROFILE and AWS_REGION if they are not the default ones (see docs/deploy.md)"
    )
}
