//! What a deployment asks the AWS that it goes to: the local one, or an account.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::{self, Aws};
use xtask_common::shop::outputs::StackOutputs;
use xtask_common::shop::{open_work, secrets};
use xtask_common::stack::Running;

use crate::deploy::cdk::Environment;
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
        let status: Option<String> = match self {
            Self::Local(running) => Aws::local(&running.endpoint()).stack_status(&stack),
            Self::Aws(paths, aws) => inspect(paths, aws, &["status", &stack])?,
        };
        if status.is_none_or(|status| status == "DELETE_COMPLETE") {
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

    /// The services that a stage has deployed.
    pub fn services(&self, stage: &str) -> Result<BTreeSet<String>> {
        match self {
            Self::Local(running) => {
                xtask_common::shop::stage::deployed(&Aws::local(&running.endpoint()), stage)
            }
            Self::Aws(paths, aws) => inspect(paths, aws, &["services", stage]),
        }
    }

    /// Creates the secrets of a stage that are missing.
    pub fn provide_secrets(&self, stage: &str) -> Result<()> {
        match self {
            Self::Local(running) => secrets::provide(&Aws::local(&running.endpoint()), stage).map(drop),
            Self::Aws(paths, aws) => {
                let arguments = ["secrets", "--stage", stage, "--region", &aws.region];
                package::output(paths, OPERATE, &arguments).map(drop)
            }
        }
    }

    /// What a stack has not finished. `outputs` is the file with the outputs of all stacks.
    pub fn open_work(&self, outputs: &Path, stack: &str) -> Result<Vec<String>> {
        match self {
            Self::Local(running) => {
                open_work::of(&Aws::local(&running.endpoint()), &StackOutputs::read(outputs)?, stack)
            }
            Self::Aws(paths, aws) => {
                let outputs = outputs.to_str().context("the path of the outputs is no text")?;
                inspect(paths, aws, &["open-work", outputs, stack])
            }
        }
    }

    /// As the CDK writes it.
    pub fn environment(&self) -> String {
        match self {
            Self::Local(_) => format!("aws://{}/{}", aws::ACCOUNT, aws::REGION),
            Self::Aws(_, Environment { account, region }) => format!("aws://{account}/{region}"),
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

fn inspect<T: DeserializeOwned>(paths: &Paths, aws: &Environment, question: &[&str]) -> Result<T> {
    let arguments = [&["inspect", "--region", &aws.region], question].concat();
    let answer = package::output(paths, OPERATE, &arguments)?;
    serde_json::from_str(&answer).context("cannot read what `xtask-operate inspect` printed")
}
