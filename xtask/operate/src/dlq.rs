//! `cargo xtask dlq`: lists, redrives or deletes dead letters, which wait in the failure queue of
//! each service.

mod dead_letters;
mod drop;
mod failure;
mod list;
mod message;
mod reason;
mod redrive;
mod show;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask_common::paths::Paths;

use crate::target::{Shop, ShopArgs};

#[derive(Parser)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Count the messages in each failure queue
    List(ShopArgs),
    /// Print the messages of a failure queue, and why they failed
    Show(ShowArgs),
    /// Retry the messages of a failure queue
    Redrive(RedriveArgs),
    /// Delete the messages of a failure queue
    Drop(DropArgs),
}

#[derive(Parser)]
struct ShowArgs {
    /// Name of the queue, as `cargo xtask dlq list` shows it
    queue: String,
    /// Print all messages, not just the first ten
    #[arg(long)]
    all: bool,
    /// Print bodies, too: they hold what customers wrote
    #[arg(long)]
    body: bool,
    #[command(flatten)]
    shop: ShopArgs,
}

#[derive(Parser)]
pub struct RedriveArgs {
    /// Name of the queue, as `cargo xtask dlq list` shows it
    queue: String,
    #[command(flatten)]
    shop: ShopArgs,
}

#[derive(Parser)]
struct DropArgs {
    /// Name of the queue, as `cargo xtask dlq list` shows it
    queue: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    shop: ShopArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    match &args.command {
        Command::List(shop) => list::run(&Shop::find(paths, shop)?),
        Command::Show(args) => {
            show::run(&Shop::find(paths, &args.shop)?, &args.queue, &show::Options::of(args.all, args.body))
        }
        Command::Redrive(args) => redrive(paths, args),
        Command::Drop(args) => drop::run(&Shop::find(paths, &args.shop)?, &args.queue, args.yes),
    }
}

pub fn redrive(paths: &Paths, args: &RedriveArgs) -> Result<()> {
    redrive::run(&Shop::find(paths, &args.shop)?, &args.queue)
}
