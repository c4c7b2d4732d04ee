//! `site`: uploads or removes the files of a stage's site on AWS, for `cargo xtask deploy` and
//! `destroy`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::site::{self, Site};

use crate::credentials;
use crate::signer::Signer;

#[derive(Parser)]
pub struct Args {
    #[arg(long)]
    region: String,
    #[command(subcommand)]
    operation: Operation,
}

#[derive(Subcommand)]
enum Operation {
    /// Upload the pages in a directory, for the services of a stage
    Upload {
        outputs: PathBuf,
        dist: PathBuf,
        #[arg(value_delimiter = ',')]
        services: Vec<String>,
    },
    /// Delete all files
    Empty { stage: String },
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let aws = Aws::of(Signer::of(credentials::find(paths)?), &args.region);
    let files = match &args.operation {
        Operation::Upload { outputs, dist, services } => {
            let services: Vec<&str> = services.iter().map(String::as_str).collect();
            Site::of(&Outputs::read(outputs)?, &services, dist)?.upload(&aws)?
        }
        Operation::Empty { stage } => site::empty(&aws, stage)?,
    };
    println!("{files}");
    Ok(())
}
