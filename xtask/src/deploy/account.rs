//! What a deployment asks the AWS that it goes to: the local one, or an account.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::{self, Aws};
use xtask_common::shop::open_work::{self, OpenWork};
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::site::{self, Site};
use xtask_common::shop::stage::stack_name;
use xtask_common::shop::{intake, secrets};
use xtask_common::stack::Running;

use crate::deploy::cdk::Environment;
use crate::deploy::plan::Plan;
use crate::deploy::remedy::remedy;
use crate::deploy::settings::Settings;
use crate::deploy::stacks::Stacks;
use crate::package::{self, OPERATE};

pub enum Account<'a> {
    Local(&'a Running),
    /// Signatures and TLS are left to the operators' commands.
    Aws(&'a Paths, Environment),
}

impl Account<'_> {
    /// Fails for a stage of the time when the shop was one stack.
    pub fn expect_no_single_stack(&self, stage: &str) -> Result<()> {
        let stack = format!("ferrocart-{stage}");
        if self.statuses(std::slice::from_ref(&stack))?.is_empty() {
            return Ok(());
        }
        match self {
            Self::Local(_) => bail!(
                "the local shop is one stack, of an earlier version; `cargo xtask down --wipe` removes it and its data"
            ),
            Self::Aws(_, aws) => bail!(
                "stage {stage} is the one stack {stack}, of an earlier version; remove it and its data first: \
                 `aws cloudformation delete-stack --region {} --stack-name {stack}`",
                aws.region
            ),
        }
    }

    /// The stacks of a stage, of those that `plan` has.
    pub fn stacks(&self, plan: &Plan, stage: &str) -> Result<Stacks> {
        let names: Vec<String> = plan.stacks().iter().map(|service| stack_name(stage, service)).collect();
        Ok(Stacks::of(plan, stage, &self.statuses(&names)?))
    }

    /// The status of each of these stacks that exists.
    fn statuses(&self, stacks: &[String]) -> Result<BTreeMap<String, String>> {
        match self {
            Self::Local(running) => Aws::local(&running.endpoint()).stack_statuses(stacks),
            Self::Aws(paths, aws) => {
                let question: Vec<&str> =
                    ["stacks"].into_iter().chain(stacks.iter().map(String::as_str)).collect();
                inspect(paths, aws, &question)
            }
        }
    }

    /// The settings that a stage was deployed with.
    pub fn settings(&self, stage: &str) -> Result<Settings> {
        match self {
            Self::Local(running) => Ok(Settings::of(xtask_common::shop::stage::settings(
                &Aws::local(&running.endpoint()),
                stage,
            )?)),
            Self::Aws(paths, aws) => inspect(paths, aws, &["settings", stage]),
        }
    }

    /// Creates the secrets of a stage that are missing.
    pub fn provide_secrets(&self, stage: &str) -> Result<()> {
        match self {
            Self::Local(running) => secrets::provide(&Aws::local(&running.endpoint()), stage).map(drop),
            Self::Aws(paths, aws) => {
                operate(paths, aws, &["secrets", "--stage", stage, "--region", &aws.region]).map(drop)
            }
        }
    }

    /// Deletes the secrets of a stage.
    pub fn delete_secrets(&self, stage: &str) -> Result<()> {
        match self {
            Self::Local(running) => secrets::delete(&Aws::local(&running.endpoint()), stage),
            Self::Aws(paths, aws) => {
                let arguments = ["secrets", "--stage", stage, "--region", &aws.region, "--delete"];
                operate(paths, aws, &arguments).map(drop)
            }
        }
    }

    /// What services have not finished, by their names.
    pub fn open_work(&self, stage: &str, services: &[String]) -> Result<BTreeMap<String, OpenWork>> {
        match self {
            Self::Local(running) => open_work::of(&Aws::local(&running.endpoint()), stage, services),
            Self::Aws(paths, aws) => inspect(paths, aws, &about("open-work", stage, services)),
        }
    }

    /// Uploads the pages in `dist` of a stage with these services. `outputs` is the file with its
    /// outputs.
    pub fn upload_site(&self, services: &[&str], outputs: &Path, dist: &Path) -> Result<()> {
        match self {
            Self::Local(running) => {
                let site = Site::of(&Outputs::read(outputs)?, services, dist)?;
                site.upload(&Aws::local(&running.endpoint())).map(drop)
            }
            Self::Aws(paths, aws) => {
                let text = |path: &Path| path.to_str().map(str::to_owned).context("a path is no text");
                let (outputs, dist, services) = (text(outputs)?, text(dist)?, services.join(","));
                let arguments = ["site", "--region", &aws.region, "upload", &outputs, &dist, &services];
                package::output(paths, OPERATE, &arguments).map(drop)
            }
        }
    }

    /// Deletes the files of a stage's site.
    pub fn empty_site(&self, stage: &str) -> Result<()> {
        match self {
            Self::Local(running) => site::empty(&Aws::local(&running.endpoint()), stage).map(drop),
            Self::Aws(paths, aws) => {
                operate(paths, aws, &["site", "--region", &aws.region, "empty", stage]).map(drop)
            }
        }
    }

    /// Stops the intake of services; returns those that have one.
    pub fn stop_intake(&self, stage: &str, services: &[String]) -> Result<Vec<String>> {
        match self {
            Self::Local(running) => intake::stop(&Aws::local(&running.endpoint()), stage, services),
            Self::Aws(paths, aws) => inspect(paths, aws, &about("stop-intake", stage, services)),
        }
    }

    /// Starts the intake of services again; returns those whose intake was stopped.
    pub fn resume_intake(&self, stage: &str, services: &[String]) -> Result<Vec<String>> {
        match self {
            Self::Local(running) => intake::resume(&Aws::local(&running.endpoint()), stage, services),
            Self::Aws(paths, aws) => inspect(paths, aws, &about("resume-intake", stage, services)),
        }
    }

    /// The command that publishes events again to services of a stage.
    pub fn replay_command(&self, stage: &str, since: &str, services: &[String]) -> String {
        let stage = match self {
            Self::Local(_) => String::new(),
            Self::Aws(..) => format!(" --stage {stage}"),
        };
        format!("cargo xtask replay --since {since} --service {}{stage}", services.join(","))
    }

    pub fn environment(&self) -> Environment {
        match self {
            Self::Local(_) => {
                Environment { account: aws::ACCOUNT.to_owned(), region: aws::REGION.to_owned() }
            }
            Self::Aws(_, environment) => environment.clone(),
        }
    }
}

impl fmt::Display for Account<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(_) => formatter.write_str("the local AWS"),
            Self::Aws(_, Environment { account, region }) => {
                write!(formatter, "account {account} in {region}")
            }
        }
    }
}

/// A question about services of a stage.
fn about<'a>(question: &'a str, stage: &'a str, services: &'a [String]) -> Vec<&'a str> {
    [question, stage].into_iter().chain(services.iter().map(String::as_str)).collect()
}

fn inspect<T: DeserializeOwned>(paths: &Paths, aws: &Environment, question: &[&str]) -> Result<T> {
    let answer = operate(paths, aws, &[&["inspect", "--region", &aws.region], question].concat())?;
    read(&answer)
}

/// The last line: the first call may install packages, and says so before.
fn read<T: DeserializeOwned>(printed: &str) -> Result<T> {
    let answer = printed.trim_end().lines().last().unwrap_or_default();
    serde_json::from_str(answer).context("cannot read what `xtask-operate inspect` printed")
}

/// What an operators' command prints.
fn operate(paths: &Paths, aws: &Environment, arguments: &[&str]) -> Result<String> {
    let printed = package::output(paths, OPERATE, arguments);
    printed.map_err(|error| match remedy(&format!("{error:#}"), aws) {
        Some(remedy) => anyhow!(remedy),
        None => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_follows_the_progress_of_an_installation() {
        let printed = "[1/1] python packages ... 12.3 s\n{\"ferrocart-dev-edge\":\"DELETE_FAILED\"}\n";
        let statuses: BTreeMap<String, String> = read(printed).unwrap();
        assert_eq!(statuses["ferrocart-dev-edge"], "DELETE_FAILED");
        assert!(read::<Vec<String>>("").is_err());
    }
}
