//! Deploys the shop to a running local AWS, unless it is up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use xtask_common::fingerprint::{self, Fingerprint};
use xtask_common::interrupt;
use xtask_common::paths::Paths;
use xtask_common::python::Venv;
use xtask_common::shop::aws::{self, Aws};
use xtask_common::shop::outputs::{Outputs, StackOutputs, User};
use xtask_common::shop::stage::stack_name;
use xtask_common::stack::{LocalStack, Running};
use xtask_common::steps::{Step, Steps};

use crate::build::Built;
use crate::build::arch::Arch;
use crate::deploy::account::Account;
use crate::deploy::cdk::{self, Stage};
use crate::deploy::plan::Plan;
use crate::deploy::removal::{self, Removal};
use crate::deploy::settings::Settings;
use crate::local::{assets, environments};

/// Tests and load runs on a laptop need no throttle and no long delays.
const DEFAULTS: [(&str, &str); 4] = [
    ("requestsPerSecond", "10000"),
    ("requestBurst", "5000"),
    ("erasureDelaySeconds", "1"),
    ("carrierPaceSeconds", "2"),
];

const DELETION_DEADLINE: Duration = Duration::from_mins(1);

/// The inputs of a deployment.
pub struct Deployment<'a> {
    pub paths: &'a Paths,
    pub venv: &'a Venv,
    pub stack: &'a LocalStack,
    pub running: &'a Running,
    pub built: &'a Built,
    pub plan: &'a Plan,
    pub settings: &'a Settings,
    /// The service that is deployed alone.
    pub only: Option<&'a str>,
    pub removal: &'a Removal,
    /// The services of the last deployment.
    pub deployed: &'a BTreeSet<String>,
}

/// Two steps, deploy and repair; both are skipped when nothing changed.
pub fn run(deployment: &Deployment, steps: &mut Steps) -> Result<Outputs> {
    let fingerprint = deployment.fingerprint()?;
    let current = deployment.current(&fingerprint);
    if let Some(outputs) = current {
        steps.run("deploy", |_| Ok(((), "unchanged".to_owned())))?;
        steps.run("repair", |_| Ok(((), "unchanged".to_owned())))?;
        return Ok(outputs);
    }
    fingerprint::forget(&deployment.stack.deployed())?;
    let users = deployment.users();
    let mut outputs = steps.run("deploy", |step| deployment.deploy(step))?;
    let account = Account::Local(deployment.running);
    let (plan, stack) = (deployment.plan, deployment.stack);
    if let Some(resumed) = removal::resume_intake(plan, &account, stack.stage)? {
        println!("      {resumed}");
    }
    outputs.users = users;
    steps.run("repair", |step| deployment.repair(step))?;
    outputs.write(&deployment.stack.outputs())?;
    let endpoint = deployment.running.endpoint();
    environments::write(&deployment.stack.dir().join("functions"), &outputs, &endpoint)?;
    // Other services may have changed, too.
    if deployment.only.is_none() {
        fingerprint::store(&deployment.stack.deployed(), &fingerprint)?;
    }
    Ok(outputs)
}

impl Deployment<'_> {
    fn fingerprint(&self) -> Result<String> {
        let start = Fingerprint::default()
            .text("stage", self.stack.stage)
            .text("arch", Arch::of_host().name())
            .text("endpoint", &self.running.endpoint());
        let with_settings =
            self.settings.over(&DEFAULTS).iter().fold(start, |print, setting| print.text("setting", setting));
        let with_plan = self.plan.names().fold(with_settings, |print, name| print.text("service", name));
        let with_code =
            self.built.hashes.iter().fold(with_plan, |print, (name, hash)| print.text(name, hash));
        // Routes and the gateway's validation of bodies are derived from the API's description.
        let with_routes = with_code.file(&self.paths.root().join("docs/openapi.json"))?;
        let with_infra = with_routes.tree(&self.paths.infra())?;
        let stacks = self.paths.stacks()?;
        Ok(stacks.iter().try_fold(with_infra, |print, file| print.file(file))?.finish())
    }

    /// The current outputs, if the deployment is up to date and healthy.
    fn current(&self, fingerprint: &str) -> Option<Outputs> {
        if !fingerprint::matches(&self.stack.deployed(), fingerprint) {
            return None;
        }
        let outputs = Outputs::read(&self.stack.outputs()).ok()?;
        let aws = Aws::local(&self.running.endpoint());
        let is_whole = |service: &&str| is_complete(&aws, &stack_name(self.stack.stage, service));
        let whole = self.plan.stacks().iter().all(is_whole);
        let health = aws::agent().get(format!("{}/health", outputs.api_url)).call().ok()?;
        (whole && health.status().is_success()).then_some(outputs)
    }

    /// The users of the previous deployment: the stacks store no passwords.
    fn users(&self) -> BTreeMap<String, User> {
        Outputs::read(&self.stack.outputs()).map(|outputs| outputs.users).unwrap_or_default()
    }

    fn deploy(&self, step: &mut Step) -> Result<(Outputs, String)> {
        let endpoint = self.running.endpoint();
        let aws = Aws::local(&endpoint);
        let assembly = self.stack.assembly();
        let raw_outputs = self.stack.dir().join("cdk-outputs.json");

        // An interrupted run may have left it incomplete.
        if !is_complete(&aws, "CDKToolkit") {
            step.note("preparing the account");
            let mut bootstrap =
                cdk::bootstrap(self.paths, &format!("aws://{}/{}", aws::ACCOUNT, aws::REGION));
            cdk::local_credentials(&mut bootstrap, self.running);
            step.run(&mut bootstrap)?;
        }
        let account = Account::Local(self.running);
        account.expect_no_single_stack(self.stack.stage)?;
        account.provide_secrets(self.stack.stage)?;
        if !self.removal.is_nothing() {
            step.note("waiting for open work");
            self.removal.wait_until_finished(&account)?;
        }
        let old = assets::of(&assembly);
        step.note("synthesizing the templates");
        self.synth(step, &assembly)?;
        // An interrupted deployment goes on with the same services, an interrupted removal, too.
        self.remember(self.plan.names().chain(self.removal.services()))?;
        self.settings.write(&self.stack.settings())?;

        let stacks = self.plan.stacks_to_deploy(self.only, self.deployed);
        let mut deploy = cdk::deploy(self.paths, &stacks, &assembly, &raw_outputs);
        cdk::local_credentials(&mut deploy, self.running);
        step.run(&mut deploy).context(
            "the local AWS refused a stack; if its state is beyond repair, `cargo xtask down --wipe` starts afresh",
        )?;

        if !self.removal.is_nothing() {
            step.note("removing stacks");
            // Work may have come in meanwhile; by now the routes are gone.
            self.removal.wait_until_finished(&account)?;
            self.removal.prepare(&account)?;
            self.remove(&aws)?;
            self.remember(self.plan.names())?;
        }
        let outputs = Outputs::of_stacks(self.stack_outputs(&raw_outputs)?, Some(&endpoint))?;
        assets::remove_staged(&assembly)?;
        if self.only.is_none() {
            assets::delete(old.difference(&assets::of(&assembly)), &endpoint);
        }
        let detail = format!("{} services, {} functions", self.plan.names().count(), outputs.functions.len());
        Ok((outputs, detail))
    }

    fn synth(&self, step: &mut Step, assembly: &Path) -> Result<()> {
        let settings: Vec<String> =
            self.settings.over(&DEFAULTS).into_iter().chain([self.plan.setting()]).collect();
        let stage = Stage {
            name: self.stack.stage,
            arch: Arch::of_host(),
            functions: &self.built.dir,
            settings: &settings,
        };
        let mut synth = cdk::synth(self.paths, &stage, assembly)?;
        cdk::local_credentials(&mut synth, self.running);
        step.run(&mut synth)
    }

    /// Deletes the stacks of removed services. The CDK would wait five seconds for each.
    fn remove(&self, aws: &Aws) -> Result<()> {
        let name = |service| stack_name(self.stack.stage, service);
        let stacks: Vec<String> = self.removal.services().map(name).collect();
        for stack in &stacks {
            aws.delete_stack(stack)?;
        }
        let started = Instant::now();
        for stack in &stacks {
            while let Some(status) = aws.stack_status(stack)? {
                if status == "DELETE_FAILED" || started.elapsed() > DELETION_DEADLINE {
                    bail!("{stack} is {status}; the same command tries again");
                }
                interrupt::sleep(Duration::from_millis(50))?;
            }
        }
        Ok(())
    }

    /// Stores which services are deployed.
    fn remember<'a>(&self, services: impl Iterator<Item = &'a str>) -> Result<()> {
        let file = self.stack.services();
        let names: Vec<&str> = services.collect();
        fs::write(&file, names.join("\n") + "\n").with_context(|| format!("cannot write {}", file.display()))
    }

    /// The outputs of all stacks, those of an earlier deployment included.
    fn stack_outputs(&self, raw_outputs: &Path) -> Result<StackOutputs> {
        let name = |service: &&str| stack_name(self.stack.stage, service);
        let names: Vec<String> = self.plan.stacks().iter().map(name).collect();
        StackOutputs::merge(&self.stack.stack_outputs(), raw_outputs, &names)
    }

    fn repair(&self, step: &mut Step) -> Result<((), String)> {
        let assembly = self.stack.assembly();
        step.run(&mut cdk::repair(self.paths, self.venv, self.running, self.stack.stage, &assembly))?;
        Ok(((), String::new()))
    }
}

fn is_complete(aws: &Aws, stack: &str) -> bool {
    let status = aws.stack_status(stack).ok().flatten();
    matches!(status.as_deref(), Some("CREATE_COMPLETE" | "UPDATE_COMPLETE"))
}
