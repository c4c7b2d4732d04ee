//! Selects the deployed shop of a command.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;

use crate::deploy;
use crate::outputs::Outputs;
use crate::paths::Paths;
use crate::stack::LocalStack;

/// Which shop; the local one without any.
#[derive(Parser)]
pub struct ShopArgs {
    /// A stage on AWS
    #[arg(long, value_parser = deploy::parse_stage, conflicts_with = "outputs")]
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
        let file = deploy::outputs_file(paths, stage);
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
