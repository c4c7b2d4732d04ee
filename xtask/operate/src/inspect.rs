//! What `cargo xtask deploy` asks about a stage on AWS, answered as JSON.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::json;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::outputs::StackOutputs;
use xtask_common::shop::{open_work, stage};

use crate::credentials;
use crate::signer::Signer;

#[derive(Parser)]
pub struct Args {
    #[arg(long)]
    region: String,
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand)]
enum Question {
    /// The services that a stage has deployed
    Services { stage: String },
    /// The status of a stack, null if there is none
    Status { stack: String },
    /// What a stack has not finished
    OpenWork { outputs: PathBuf, stack: String },
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let aws = Aws::of(Signer::of(credentials::find(paths)?), &args.region);
    let answer = match &args.question {
        Question::Services { stage } => {
            let services: BTreeSet<String> = stage::deployed(&aws, stage)?;
            json!(services)
        }
        Question::Status { stack } => json!(aws.stack_status(stack)),
        Question::OpenWork { outputs, stack } => {
            json!(open_work::of(&aws, &StackOutputs::read(outputs)?, stack)?)
        }
    };
    println!("{answer}");
    Ok(())
}
