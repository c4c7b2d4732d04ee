//! What requests cost when there is more of everything: `cargo xtask bench --growth`.
//!
//! Each function is the real one, and so are its calls to the tables of a local AWS, through a relay that counts them.
//! How long the local AWS takes says nothing about AWS, and it takes the longer the more it keeps; so the processor time
//! is that of the same request again and again, with the answers that the local AWS gave, but given at once.

mod aws;
mod relay;
mod report;
mod tables;
mod units;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use crate::environment::environment;
use crate::measure::{Life, Subject, Work};
use crate::stand_in::StandIn;
use crate::{machine, write_json};
use aws::{ACCOUNT, Aws};
use relay::Relay;
use report::{Cost, Growth};
use tables::Tables;
use world::{Asked, World};

#[derive(Parser)]
pub struct Args {
    /// Directory of the functions' release executables
    #[arg(long)]
    functions: PathBuf,
    /// The local AWS, which is this command's alone
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// The stack's template: what its tables are like
    #[arg(long, value_name = "FILE")]
    template: PathBuf,
    /// Products, customers and orders at most
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=9_999_999))]
    largest: u64,
    /// Invocations of each request
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    warm: u16,
    /// Where to keep the raw numbers, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// The local AWS may take a minute for a page of a million orders; nobody is to give up meanwhile.
const TIMEOUT: Duration = Duration::from_mins(15);

/// Of which the median counts: seeding and measuring take minutes, in which a machine has other things to do, too.
const ROUNDS: usize = 11;

pub async fn run(args: &Args) -> Result<()> {
    let aws = Aws::at(&args.endpoint);
    let tables = Tables::described_by(&args.template, aws.clone()).await?;
    let lab = Lab { aws: aws.clone(), functions: args.functions.clone(), warm: args.warm.into() };
    let mut rows = Vec::new();
    for world in World::ALL {
        for size in world.sizes(args.largest) {
            eprintln!("{size} {}", world.name());
            for seeded in world.tables(size) {
                tables.make(seeded).await?;
            }
            for asked in world.requests(size, &aws).await? {
                let cost = lab.cost(&asked).await.with_context(|| asked.what.to_owned())?;
                rows.push(cost.at(world, size, &asked));
            }
            for (table, _) in world.tables(size) {
                tables.remove(table).await?;
            }
        }
    }
    let growth = Growth { machine: machine(), warm: lab.warm, rows };
    println!("\n{}\n\n{}", growth.machine, growth.table());
    if let Some(file) = &args.report {
        write_json(file, &growth)?;
    }
    let steep = growth.steep();
    ensure!(steep.is_empty(), "these take more of AWS the more there is: {}", steep.join("; "));
    println!(
        "\nNo request takes more calls, units or bytes for the size of a table or the depth of a queue."
    );
    Ok(())
}

struct Lab {
    aws: Aws,
    functions: PathBuf,
    warm: usize,
}

impl Lab {
    async fn cost(&self, asked: &Asked) -> Result<Cost> {
        let bootstrap = self.functions.join(asked.function);
        let patience = TIMEOUT.as_millis().to_string();
        let subject = |endpoint: &str| Subject {
            bootstrap: &bootstrap,
            environment: environment(
                endpoint,
                &[("AWS_ACCESS_KEY_ID", ACCOUNT), ("ATTEMPT_TIMEOUT_MS", &patience)],
            ),
            timeout: TIMEOUT,
        };
        let relay = Relay::start(self.aws.clone()).await?;
        let (mut life, _) = Life::begin(&subject(&relay.endpoint())).await?;
        let mut usages = Vec::new();
        for event in &asked.events {
            life.invoke(event, asked.expected).await?;
            usages.push(relay.take()?);
        }
        life.end().await?;
        let (event, last) = asked.events.last().zip(usages.last()).context("nothing was asked")?;
        let stand_in = StandIn::start(&last.answers, None).await?;
        let (mut life, _) = Life::begin(&subject(&stand_in.endpoint())).await?;
        let work = Work { event, expected: asked.expected, stand_in: &stand_in };
        life.warm_up(&work).await?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(life.warm(&work, self.warm.div_ceil(ROUNDS)).await?);
        }
        life.end().await?;
        rounds.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
        let warm = rounds.swap_remove(ROUNDS / 2);
        Ok(Cost::of(&usages, &warm, asked.shared_by))
    }
}
