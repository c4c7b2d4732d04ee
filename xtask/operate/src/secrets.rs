//! `secrets`: creates the missing secrets of a stage on AWS, before its stacks, or deletes them.

use anyhow::Result;
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::{secrets, stage};

use crate::credentials;
use crate::signer::Signer;

#[derive(Parser)]
pub struct Args {
    #[arg(long, value_parser = stage::parse)]
    stage: String,
    #[arg(long)]
    region: String,
    /// Delete them instead
    #[arg(long)]
    delete: bool,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let aws = Aws::of(Signer::of(credentials::find(paths)?), &args.region);
    if args.delete {
        return secrets::delete(&aws, &args.stage);
    }
    for name in secrets::provide(&aws, &args.stage)? {
        println!("created {name}");
    }
    Ok(())
}
