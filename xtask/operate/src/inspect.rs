//! What `cargo xtask deploy` asks about a stage on AWS, answered as JSON, and the intake of services
//! that it stops.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::json;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::open_work::OpenWork;
use xtask_common::shop::outputs::StackOutputs;
use xtask_common::shop::{intake, stage};

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
    /// The status of each of these stacks that exists
    Stacks { stacks: Vec<String> },
    /// The settings that a stage was deployed with
    Settings { stage: String },
    /// What a stack has not finished
    OpenWork { outputs: PathBuf, stack: String },
    /// Whether a stack has an intake, which is then stopped
    StopIntake { outputs: PathBuf, stack: String },
    /// Whether the intake of a stack was stopped; it is then started again
    ResumeIntake { outputs: PathBuf, stack: String },
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let aws = Aws::of(Signer::of(credentials::find(paths)?), &args.region);
    let answer = match &args.question {
        Question::Stacks { stacks } => {
            let statuses: BTreeMap<String, String> = aws.stack_statuses(stacks)?;
            json!(statuses)
        }
        Question::Settings { stage } => json!(stage::settings(&aws, stage)?),
        Question::OpenWork { outputs, stack } => {
            json!(OpenWork::of(&aws, &StackOutputs::read(outputs)?, stack)?)
        }
        Question::StopIntake { outputs, stack } => {
            json!(intake::stop(&aws, &StackOutputs::read(outputs)?, stack)?)
        }
        Question::ResumeIntake { outputs, stack } => {
            json!(intake::resume(&aws, &StackOutputs::read(outputs)?, stack)?)
        }
    };
    println!("{answer}");
    Ok(())
}
