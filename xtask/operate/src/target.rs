//! The deployed shop that a command is for.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::{endpoint, stage};
use xtask_common::stack::LocalStack;

use crate::credentials;
use crate::signer::Signer;

/// Which shop; the local one without any.
#[derive(Parser)]
pub struct ShopArgs {
    /// A stage on AWS
    #[arg(long, value_parser = stage::parse, conflicts_with = "outputs")]
    stage: Option<String>,
    /// The outputs.json of another stack
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
}

impl ShopArgs {
    pub fn outputs(&self, paths: &Paths) -> Result<Outputs> {
        Outputs::read(&self.outputs_file(paths)?)
    }

    fn outputs_file(&self, paths: &Paths) -> Result<PathBuf> {
        let Some(stage) = &self.stage else {
            return Ok(self.outputs.clone().unwrap_or_else(|| LocalStack::of_developer(paths).outputs()));
        };
        let file = stage::outputs_file(paths, stage);
        if !file.is_file() {
            bail!(
                "stage {stage} was not deployed from here ({} is missing); `cargo xtask deploy --stage {stage}` writes it, \
                 or bring that file along and name it with `--outputs`",
                paths.shown(&file)
            );
        }
        Ok(file)
    }
}

/// A deployed shop, and access to its AWS.
pub struct Shop {
    pub outputs: Outputs,
    pub aws: Aws,
}

impl Shop {
    pub fn find(paths: &Paths, args: &ShopArgs) -> Result<Self> {
        let outputs = args.outputs(paths)?;
        let aws = match &outputs.endpoint {
            Some(endpoint) => Aws::local(endpoint),
            None => {
                endpoint::expect_no_endpoint()?;
                Aws::of(Signer::of(credentials::find(paths)?), &outputs.region)
            }
        };
        Ok(Self { outputs, aws })
    }
}
