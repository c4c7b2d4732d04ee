//! `cargo xtask down`: stops the local shop.

use anyhow::Result;
use clap::Parser;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::stack::LocalStack;

#[derive(Parser)]
pub struct Args {
    /// Remove its data, too
    #[arg(long)]
    wipe: bool,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let stack = LocalStack::of_developer(paths);
    let _lock = Lock::take(stack.dir())?;
    println!("{}", stack.stop()?.unwrap_or_else(|| "nothing was running".to_owned()));
    if args.wipe {
        stack.wipe()?;
        println!("removed its data in {}", paths.shown(&stack.state()));
    }
    Ok(())
}
