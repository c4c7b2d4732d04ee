//! `cargo xtask up`: starts the shop from a fresh clone, or updates a running one.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, bail};
use clap::Parser;
use xtask_common::idle;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::prerequisites;
use xtask_common::python::Packages;
use xtask_common::services::Services;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::outputs::{Outputs, StackOutputs};
use xtask_common::stack::{self, LocalStack, Running};
use xtask_common::steps::Steps;

use crate::build;
use crate::deploy::account::Account;
use crate::deploy::late;
use crate::deploy::plan::ServicesArgs;
use crate::deploy::postman;
use crate::deploy::removal::Removal;
use crate::deploy::settings::{Settings, SettingsArgs};
use crate::local::choice::StackArgs;
use crate::local::installs::Installs;
use crate::local::local_deploy::{self, Deployment};
use crate::local::{seed, site, users};

/// Steps of [`bring_up`].
pub const BRING_UP_STEPS: usize = 11;
/// The services of a new local shop.
const DEFAULT_SERVICES: &str = "all";

#[derive(Parser)]
pub struct Args {
    /// Port on 127.0.0.1 [default: the one it runs on, else 4566]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    services: ServicesArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    stack: StackArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let stack = args.stack.find(paths);
    let _lock = Lock::take(stack.dir())?;
    let port = port(&stack, args)?;
    let mut steps = Steps::new(paths, BRING_UP_STEPS + 1);
    let Up { outputs, new_users, late, .. } =
        bring_up(paths, &stack, port, &args.services, &args.settings, &mut steps)?;
    steps.run("seed", |_| Ok(((), seed::seed(&outputs)?.to_string())))?;
    let environment = stack.postman();
    postman::write_environment(&environment, &outputs)?;
    // The templates of a deployment that is unchanged may be gone.
    if let Ok(bill) = idle::bill(&stack.assembly()) {
        print!("\nIdle on AWS, a month:\n{}", bill.table());
    }
    println!("{}", welcome(&outputs, &new_users, &paths.shown(&environment).to_string()));
    if let Some(late) = late {
        println!("\n{late}");
    }
    Ok(())
}

/// A deployed local stack.
pub struct Up {
    pub running: Running,
    pub outputs: Outputs,
    /// Roles of the users that were just created.
    pub new_users: Vec<&'static str>,
    /// What to do for services that were added to others.
    pub late: Option<String>,
}

/// All steps to a deployed local stack, on any free port if none is given.
pub fn bring_up(
    paths: &Paths,
    stack: &LocalStack,
    port: Option<u16>,
    args: &ServicesArgs,
    settings: &SettingsArgs,
    steps: &mut Steps,
) -> Result<Up> {
    let python = prerequisites::step(paths, steps)?;
    let installs = Installs::start(paths, steps, &python, Packages::Local).join_node(steps)?;
    let deployed = known_services(stack);
    let settings = Settings::read(&stack.settings()).with(settings);
    let plan = steps.run("services", |_| {
        let plan = args.plan(paths, &deployed, DEFAULT_SERVICES, &settings.lines())?;
        let shown = plan.names().collect::<Vec<_>>().join(", ");
        Ok((plan, shown))
    })?;
    let removal = Removal::of(&plan, &deployed, stack.stage);
    let consequences = removal.consequences(&stack.stack_outputs());
    for line in settings.shown().into_iter().chain(plan.added(args, &deployed)).chain(consequences) {
        println!("      {line}");
    }
    let pages = site::start(paths, steps, plan.has_site());
    let built = steps.run("build services", |step| {
        step.hand_over_terminal();
        let built = build::for_host(paths, &Services::find(paths)?.among(&plan.packages()))?;
        let shown = format!("{} executables", built.hashes.len());
        Ok((built, shown))
    })?;
    let pages = site::join(pages, steps)?;
    let venv = steps.join(installs)?;
    let running = steps.run("start local AWS", |_| stack.start(paths, &venv, port))?;
    let deployment = Deployment {
        paths,
        venv: &venv,
        stack,
        running: &running,
        built: &built,
        plan: &plan,
        settings: &settings,
        only: args.only(),
        removal: &removal,
        deployed: &deployed,
    };
    let mut outputs = local_deploy::run(&deployment, steps)?;
    let new_users = steps.run("users", |_| {
        let new = users::provide(&mut outputs, &Aws::local(&running.endpoint()))?;
        outputs.write(&stack.outputs())?;
        let shown = if new.is_empty() {
            "unchanged".to_owned()
        } else {
            format!("{} with a new password", new.len())
        };
        Ok((new, shown))
    })?;
    site::upload(pages.as_deref(), &plan, &outputs, stack, &running, steps)?;
    let stack_outputs = StackOutputs::read(&stack.stack_outputs())?;
    let late = late::advice(&plan.joining(&deployed), &stack_outputs, &Account::Local(&running), stack.stage);
    Ok(Up { running, outputs, new_users, late })
}

/// The services of the last deployment.
fn known_services(stack: &LocalStack) -> BTreeSet<String> {
    let names = fs::read_to_string(stack.services()).unwrap_or_default();
    names.lines().map(str::to_owned).collect()
}

/// Checks the port before the long steps.
fn port(stack: &LocalStack, args: &Args) -> Result<Option<u16>> {
    let Some(running) = stack.running() else {
        let port = args.port.or(args.stack.default_port());
        port.map(stack::expect_free).transpose()?;
        return Ok(port);
    };
    match args.port {
        Some(wanted) if wanted != running.port => bail!(
            "the shop already runs on port {}; to move it to port {wanted}, run `cargo xtask down` first",
            running.port
        ),
        _ => Ok(Some(running.port)),
    }
}

fn welcome(outputs: &Outputs, new_users: &[&str], environment: &str) -> String {
    let Outputs { api_url, endpoint, .. } = outputs;
    let endpoint = endpoint.as_deref().unwrap_or_default();
    let users = users::shown(&outputs.users, new_users);
    let pages = outputs.site_url().map(pages).unwrap_or_default();
    format!(
        "
The shop is open.
{pages}  API        {api_url}
  AWS        {endpoint} (AWS_ENDPOINT_URL for any AWS tool)
  Postman    {environment}
{users}
Try it:
  curl {api_url}/product
  curl {api_url}/basket/grace -H \"Authorization: $(cargo xtask token grace)\"
  cargo xtask status
  cargo xtask logs --follow"
    )
}

/// The addresses of the shop's pages.
pub fn pages(site_url: &str) -> String {
    format!("  Shop       {site_url}/\n  Back office {site_url}/back-office/\n")
}
