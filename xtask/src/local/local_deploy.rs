//! Deploys the shop to a running local AWS, unless it is up to date.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use xtask_common::fingerprint::{self, Fingerprint};
use xtask_common::paths::Paths;
use xtask_common::python::Venv;
use xtask_common::shop::aws::{self, Aws};
use xtask_common::shop::outputs::{Outputs, User};
use xtask_common::stack::{LocalStack, Running};
use xtask_common::steps::{Step, Steps};

use crate::build::Built;
use crate::build::arch::Arch;
use crate::deploy::cdk::{self, Stage};
use crate::local::{assets, environments};

/// Tests and load runs on a laptop need no throttle and no long delays.
const SETTINGS: &[&str] =
    &["requestsPerSecond=10000", "requestBurst=5000", "erasureDelaySeconds=1", "carrierPaceSeconds=2"];

/// The inputs of a deployment.
pub struct Deployment<'a> {
    pub paths: &'a Paths,
    pub venv: &'a Venv,
    pub stack: &'a LocalStack,
    pub running: &'a Running,
    pub built: &'a Built,
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
    outputs.users = users;
    steps.run("repair", |step| deployment.repair(step))?;
    outputs.write(&deployment.stack.outputs())?;
    let endpoint = deployment.running.endpoint();
    environments::write(&deployment.stack.dir().join("functions"), &outputs, &endpoint)?;
    fingerprint::store(&deployment.stack.deployed(), &fingerprint)?;
    Ok(outputs)
}

impl Deployment<'_> {
    fn stage(&self) -> Stage<'_> {
        Stage {
            name: self.stack.stage,
            arch: Arch::of_host(),
            functions: &self.built.dir,
            settings: SETTINGS,
        }
    }

    fn fingerprint(&self) -> Result<String> {
        let stage = self.stage();
        let start = Fingerprint::default()
            .text("stage", stage.name)
            .text("arch", stage.arch.name())
            .text("endpoint", &self.running.endpoint());
        let with_settings =
            stage.settings.iter().fold(start, |print, setting| print.text("setting", setting));
        let with_code =
            self.built.hashes.iter().fold(with_settings, |print, (name, hash)| print.text(name, hash));
        // The gateway's body validation is derived from the API's description.
        let description = self.paths.root().join("docs/openapi.json");
        Ok(with_code.tree(&self.paths.infra())?.file(&description)?.finish())
    }

    /// The current outputs, if the deployment is up to date and healthy.
    fn current(&self, fingerprint: &str) -> Option<Outputs> {
        if !fingerprint::matches(&self.stack.deployed(), fingerprint) {
            return None;
        }
        let outputs = Outputs::read(&self.stack.outputs()).ok()?;
        let status = Aws::local(&self.running.endpoint()).stack_status(&self.stage().stack());
        let whole = is_complete(status.as_deref());
        let health = aws::agent().get(format!("{}/health", outputs.api_url)).call().ok()?;
        (whole && health.status().is_success()).then_some(outputs)
    }

    /// The users of the previous deployment: the stack itself stores no passwords.
    fn users(&self) -> BTreeMap<String, User> {
        Outputs::read(&self.stack.outputs()).map(|outputs| outputs.users).unwrap_or_default()
    }

    fn deploy(&self, step: &mut Step) -> Result<(Outputs, String)> {
        let endpoint = self.running.endpoint();
        let aws = Aws::local(&endpoint);
        let stage = self.stage();
        let assembly = self.stack.assembly();
        let raw_outputs = self.stack.dir().join("cdk-outputs.json");

        // An interrupted run may have left it incomplete.
        if !is_complete(aws.stack_status("CDKToolkit").as_deref()) {
            step.note("preparing the account");
            let mut bootstrap =
                cdk::bootstrap(self.paths, &format!("aws://{}/{}", aws::ACCOUNT, aws::REGION));
            cdk::local_credentials(&mut bootstrap, self.running);
            step.run(&mut bootstrap)?;
        }
        let old = assets::of(&assembly, &stage.stack());
        step.note("synthesizing the templates");
        let mut synth = cdk::synth(self.paths, &stage, &assembly);
        cdk::local_credentials(&mut synth, self.running);
        step.run(&mut synth)?;

        let mut deploy = cdk::deploy(self.paths, &stage.stack(), &assembly, &raw_outputs);
        cdk::local_credentials(&mut deploy, self.running);
        step.run(&mut deploy).context(
            "the local AWS refused the stack; if its state is beyond repair, `cargo xtask down --wipe` starts afresh",
        )?;

        let outputs = Outputs::from_cdk_file(&raw_outputs, Some(&endpoint))?;
        fs::remove_file(&raw_outputs).with_context(|| format!("cannot remove {}", raw_outputs.display()))?;
        assets::remove_staged(&assembly)?;
        assets::delete(old.difference(&assets::of(&assembly, &stage.stack())), &endpoint);
        let detail = format!("{} functions", outputs.functions.len());
        Ok((outputs, detail))
    }

    fn repair(&self, step: &mut Step) -> Result<((), String)> {
        let stack = self.stage().stack();
        let template = cdk::template(&self.stack.assembly(), &stack);
        step.run(&mut cdk::repair(self.paths, self.venv, self.running, &stack, &template))?;
        Ok(((), String::new()))
    }
}

fn is_complete(status: Option<&str>) -> bool {
    matches!(status, Some("CREATE_COMPLETE" | "UPDATE_COMPLETE"))
}
