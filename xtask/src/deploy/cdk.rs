//! The CDK's command lines, and that of the repair of its local result. No other module has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use xtask_common::cdk;
pub use xtask_common::cdk::{placeholders, pretend_account};
use xtask_common::paths::Paths;
use xtask_common::python::Venv;
use xtask_common::shop::aws;
use xtask_common::stack::Running;

use crate::build::arch::Arch;

/// One stage of the shop, as settings of the CDK app.
pub struct Stage<'a> {
    pub name: &'a str,
    pub arch: Arch,
    /// Directory with `<service>/bootstrap.zip`.
    pub functions: &'a Path,
    /// Other settings, as `name=value`.
    pub settings: &'a [String],
}

impl Stage<'_> {
    fn all_settings(&self) -> Vec<String> {
        let fixed = [
            format!("stage={}", self.name),
            format!("arch={}", self.arch.name()),
            format!("functions={}", self.functions.display()),
        ];
        fixed.into_iter().chain(self.settings.iter().cloned()).collect()
    }
}

/// Writes templates to `assembly`. With AWS credentials they are for the caller's account and
/// region.
pub fn synth(paths: &Paths, stage: &Stage, assembly: &Path) -> Result<Command> {
    cdk::synth(paths, &stage.all_settings(), assembly)
}

/// Stacks that are deployed or deleted at the same time, where neither needs the other.
const CONCURRENCY: &str = "6";

/// Deploys these stacks of `assembly`.
pub fn deploy(paths: &Paths, stacks: &[&str], assembly: &Path, outputs: &Path) -> Command {
    let mut cdk = cdk::command(paths);
    cdk.arg("deploy")
        .args(stacks)
        .args(["--exclusively", "--concurrency", CONCURRENCY, "--require-approval", "never"])
        .args(["--progress", "events", "--app"])
        .arg(assembly)
        .arg("--outputs-file")
        .arg(outputs);
    cdk
}

/// Deletes these stacks of `assembly`, which need not be deployed.
pub fn destroy(paths: &Paths, stacks: &[&str], assembly: &Path) -> Command {
    let mut cdk = cdk::command(paths);
    cdk.arg("destroy")
        .args(stacks)
        .args(["--exclusively", "--force", "--concurrency", CONCURRENCY, "--app"])
        .arg(assembly);
    cdk
}

/// Bootstraps an account for deployments; harmless where that is done.
pub fn bootstrap(paths: &Paths, environment: &str) -> Command {
    let mut cdk = cdk::command(paths);
    // No app is needed, so none is synthesized.
    cdk.args(["bootstrap", environment, "--app", ""]);
    cdk
}

/// Applies the settings that the local AWS drops from the deployment of a stage.
pub fn repair(paths: &Paths, venv: &Venv, running: &Running, stage: &str, assembly: &Path) -> Command {
    let mut repair = venv.python(&paths.infra());
    repair
        .arg("local/post_deploy.py")
        .args(["--endpoint", &running.endpoint(), "--region", aws::REGION, "--stage", stage, "--assembly"])
        .arg(assembly);
    local_credentials(&mut repair, running);
    repair
}

/// Points a command to the local AWS instead of the caller's account.
pub fn local_credentials(command: &mut Command, running: &Running) {
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command
        .env("AWS_ENDPOINT_URL", running.endpoint())
        .env("AWS_ACCESS_KEY_ID", aws::ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", aws::SECRET_KEY)
        .env("AWS_REGION", aws::REGION)
        .env("AWS_DEFAULT_REGION", aws::REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true");
}

/// Account and region of the templates in `assembly`; none when they fit any.
pub fn environment(assembly: &Path) -> Result<Option<Environment>> {
    let path = assembly.join("manifest.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: Manifest =
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
    let mut environments = manifest.artifacts.values().filter_map(|artifact| artifact.environment.as_deref());
    Ok(environments.next().and_then(Environment::parse))
}

#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    pub account: String,
    pub region: String,
}

impl Environment {
    fn parse(url: &str) -> Option<Self> {
        let (account, region) = url.strip_prefix("aws://")?.split_once('/')?;
        let known = !account.starts_with("unknown") && !region.starts_with("unknown");
        known.then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }
}

#[derive(Deserialize)]
struct Manifest {
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    environment: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_without_credentials_is_none() {
        assert_eq!(Environment::parse("aws://unknown-account/unknown-region"), None);
        assert_eq!(Environment::parse("aws://111122223333/unknown-region"), None);
        let known = Environment { account: "111122223333".to_owned(), region: "eu-west-1".to_owned() };
        assert_eq!(Environment::parse("aws://111122223333/eu-west-1"), Some(known));
    }

    #[test]
    fn a_stage_is_settings_of_the_app() {
        let stage = Stage {
            name: "dev",
            arch: Arch::Arm64,
            functions: Path::new("/t/lambda"),
            settings: &["services=all".to_owned()],
        };
        let expected = ["stage=dev", "arch=arm64", "functions=/t/lambda", "services=all"];
        assert_eq!(stage.all_settings(), expected);
    }
}
