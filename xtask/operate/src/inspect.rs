//! What `cargo xtask deploy` asks about a stage on AWS, answered as JSON, and the intake of services
//! that it stops.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::json;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::{intake, open_work, stage};

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
    /// What services have not finished
    OpenWork { stage: String, services: Vec<String> },
    /// Which services have an intake, which is then stopped
    StopIntake { stage: String, services: Vec<String> },
    /// Which services have a stopped intake, which is then started again
    ResumeIntake { stage: String, services: Vec<String> },
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let aws = Aws::of(Signer::of(credentials::find(paths)?), &args.region);
    let answer = match &args.question {
        Question::Stacks { stacks } => {
            let statuses: BTreeMap<String, String> = aws.stack_statuses(stacks)?;
            json!(statuses)
        }
        Question::Settings { stage } => json!(stage::settings(&aws, stage)?),
        Question::OpenWork { stage, services } => json!(open_work::of(&aws, stage, services)?),
        Question::StopIntake { stage, services } => json!(intake::stop(&aws, stage, services)?),
        Question::ResumeIntake { stage, services } => json!(intake::resume(&aws, stage, services)?),
    };
    println!("{answer}");
    Ok(())
}
