//! The CDK's command lines, and that of the repair of its local result. No other module has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::python::Venv;
use xtask_common::services::Services;
use xtask_common::shop::aws;
use xtask_common::stack::Running;

use crate::build::arch::Arch;
use crate::build::zips;

/// One stage of the shop, as settings of the CDK app.
pub struct Stage<'a> {
    pub name: &'a str,
    pub arch: Arch,
    /// Directory with `<service>/bootstrap.zip`.
    pub functions: &'a Path,
    /// Other settings, as `name=value`.
    pub settings: &'a [&'a str],
}

impl Stage<'_> {
    fn context(&self) -> Vec<String> {
        let fixed = [
            format!("stage={}", self.name),
            format!("arch={}", self.arch.name()),
            format!("functions={}", self.functions.display()),
        ];
        let settings = self.settings.iter().map(ToString::to_string);
        fixed.into_iter().chain(settings).flat_map(|setting| ["-c".to_owned(), setting]).collect()
    }
}

/// Writes templates to `assembly`. With AWS credentials they are for the caller's account and
/// region.
pub fn synth(paths: &Paths, stage: &Stage, assembly: &Path) -> Command {
    let mut cdk = cdk(paths);
    cdk.args(["synth", "--quiet", "--output"]).arg(assembly).args(stage.context());
    cdk
}

/// Stacks that are deployed at the same time, where neither needs the other.
const CONCURRENCY: &str = "6";

/// Deploys these stacks of `assembly`.
pub fn deploy(paths: &Paths, stacks: &[&str], assembly: &Path, outputs: &Path) -> Command {
    let mut cdk = cdk(paths);
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
    let mut cdk = cdk(paths);
    cdk.arg("destroy")
        .args(stacks)
        .args(["--exclusively", "--force", "--progress", "events", "--app"])
        .arg(assembly);
    cdk
}

/// Bootstraps an account for deployments; harmless where that is done.
pub fn bootstrap(paths: &Paths, environment: &str) -> Command {
    let mut cdk = cdk(paths);
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

/// Synthesizes for an account that need not exist.
pub fn pretend_account(command: &mut Command, account: &str, region: &str) {
    for name in ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("CDK_DEFAULT_ACCOUNT", account)
        .env("CDK_DEFAULT_REGION", region);
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

#[derive(Debug, PartialEq)]
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

/// Zips without code: enough to synthesize templates that are not deployed.
pub fn placeholders(services: &Services) -> Result<PathBuf> {
    let dir = services.target_dir.join("placeholder");
    for service in services.names() {
        zips::write_placeholder(&dir.join(service))?;
    }
    Ok(dir)
}

/// Runs the CDK by its script: one process fewer than `npx`, and no prompts to install packages.
fn cdk(paths: &Paths) -> Command {
    let mut node = process::command("node", &paths.infra());
    node.arg("../node_modules/aws-cdk/bin/cdk")
        .args(["--no-notices", "--no-version-reporting"])
        .env("CI", "true")
        .env("NODE_NO_WARNINGS", "1");
    node
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
    fn settings_reach_the_app_as_context() {
        let stage = Stage {
            name: "dev",
            arch: Arch::Arm64,
            functions: Path::new("/t/lambda"),
            settings: &["services=all"],
        };
        let expected =
            ["-c", "stage=dev", "-c", "arch=arm64", "-c", "functions=/t/lambda", "-c", "services=all"];
        assert_eq!(stage.context(), expected);
    }
}
