//! `cargo xtask down`: stops the local shop.

use anyhow::Result;
use clap::Parser;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;

use crate::local::choice::StackArgs;

#[derive(Parser)]
pub struct Args {
    /// Remove its data, too
    #[arg(long)]
    wipe: bool,
    #[command(flatten)]
    stack: StackArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let stack = args.stack.find(paths);
    let _lock = Lock::take(stack.dir())?;
    println!("{}", stack.stop()?.unwrap_or_else(|| "nothing was running".to_owned()));
    if args.wipe {
        stack.wipe()?;
        println!("removed its data in {}", paths.shown(&stack.state()));
    }
    Ok(())
}
