//! Cost of requests as the data grows: `cargo xtask bench --growth`.
//!
//! Each function is the real one. It calls the tables of a local AWS through a relay that counts
//! the calls. The latency of the local AWS says nothing about AWS, and it grows with the data. CPU
//! time is therefore measured on repetitions of the same request, with recorded responses that are
//! returned at once.

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
use hyper::body::Bytes;

use crate::answer::response_bytes;
use crate::environment::environment;
use crate::measure::{Life, Subject, Work, median};
use crate::stand_in::{Answers, StandIn};
use crate::{executable_of, machine, write_json};
use aws::{ACCOUNT, Aws};
use relay::Relay;
use report::{Cost, Growth, Row};
use tables::Tables;
use world::{Asked, World};

#[derive(Parser)]
pub struct Args {
    /// Directory of the services' release executables
    #[arg(long)]
    functions: PathBuf,
    /// The local AWS, used by this command alone
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// The directory of the shop's templates, which describe the tables
    #[arg(long, value_name = "DIRECTORY")]
    templates: PathBuf,
    /// Largest number of products, customers and orders
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=9_999_999))]
    largest: u64,
    /// Invocations of each request
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    warm: u16,
    /// Where to write the raw numbers, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// The local AWS can take a minute for a page of a million orders, and nothing may time out.
const TIMEOUT: Duration = Duration::from_mins(15);

/// The result is the median of these rounds.
const ROUNDS: usize = 21;

pub async fn run(args: &Args) -> Result<()> {
    let aws = Aws::at(&args.endpoint);
    let tables = Tables::described_by(&args.templates, aws.clone()).await?;
    let lab = Lab { aws: aws.clone(), functions: args.functions.clone(), warm: args.warm.into() };
    let mut rows = Vec::new();
    for world in World::ALL {
        // One row for all sizes of a request.
        let mut requests: Vec<Vec<Observed>> = Vec::new();
        for size in world.sizes(args.largest) {
            eprintln!("{size} {}", world.name());
            for seeded in world.tables(size) {
                tables.make(seeded).await?;
            }
            for (place, asked) in world.requests(size, &aws).await?.into_iter().enumerate() {
                let what = asked.what;
                let observed = lab.observe(size, asked).await.with_context(|| what.to_owned())?;
                match requests.get_mut(place) {
                    Some(request) => request.push(observed),
                    None => requests.push(vec![observed]),
                }
            }
            for (table, _) in world.tables(size) {
                tables.remove(table).await?;
            }
        }
        eprintln!("  and their processor time");
        for request in requests {
            let times = lab.cpu(&request).await.with_context(|| request[0].asked.what.to_owned())?;
            rows.extend(request.into_iter().zip(times).map(|(observed, cpu)| observed.row(world, cpu)));
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

/// The AWS usage of a request.
struct Observed {
    size: u64,
    asked: Asked,
    cost: Cost,
    /// The last responses of the local AWS, to the same event.
    answers: Answers,
    event: Bytes,
}

struct Lab {
    aws: Aws,
    functions: PathBuf,
    warm: usize,
}

impl Lab {
    /// Invokes a function with its events on the local AWS.
    async fn observe(&self, size: u64, asked: Asked) -> Result<Observed> {
        let relay = Relay::start(self.aws.clone()).await?;
        let mut life = self.start(&asked, &relay.endpoint()).await?;
        let (mut usages, mut bytes) = (Vec::new(), None);
        for event in &asked.events {
            let answered = life.invoke(event, asked.expected).await;
            // If the local AWS rejected a call, that error is the cause.
            usages.push(relay.take()?);
            let (_, answer) = answered?;
            bytes = response_bytes(&answer);
        }
        life.end().await?;
        let cost = Cost::of(&usages, bytes, asked.shared_by);
        let (event, last) = asked.events.last().cloned().zip(usages.pop()).context("nothing was asked")?;
        Ok(Observed { size, asked, cost, answers: last.answers, event })
    }

    /// CPU time of a request at each size, in microseconds. The sizes take turns, so that other
    /// load on the machine affects all of them.
    async fn cpu(&self, sizes: &[Observed]) -> Result<Vec<f64>> {
        let mut lives = Vec::new();
        for observed in sizes {
            let stand_in = StandIn::start(&observed.answers, None).await?;
            let mut life = self.start(&observed.asked, &stand_in.endpoint()).await?;
            life.warm_up(&observed.work(&stand_in)).await?;
            lives.push((observed, stand_in, life, Vec::new()));
        }
        for _ in 0..ROUNDS {
            for (observed, stand_in, life, rounds) in &mut lives {
                let warm = life.warm(&observed.work(stand_in), self.warm.div_ceil(ROUNDS)).await?;
                rounds.push(warm.cpu / observed.asked.shared_by as f64);
            }
        }
        let mut medians = Vec::new();
        for (_, _, life, rounds) in lives {
            life.end().await?;
            medians.push(median(rounds));
        }
        Ok(medians)
    }

    async fn start(&self, asked: &Asked, endpoint: &str) -> Result<Life> {
        let patience = TIMEOUT.as_millis().to_string();
        let more = [("AWS_ACCESS_KEY_ID", ACCOUNT), ("ATTEMPT_TIMEOUT_MS", &*patience)];
        let subject = Subject {
            bootstrap: &executable_of(&self.functions, asked.function),
            environment: environment(asked.function, endpoint, &more),
            timeout: TIMEOUT,
        };
        let (life, _) = Life::begin(&subject).await?;
        Ok(life)
    }
}

impl Observed {
    fn work<'a>(&'a self, stand_in: &'a StandIn) -> Work<'a> {
        Work { event: &self.event, expected: self.asked.expected, stand_in }
    }

    fn row(self, world: World, cpu: f64) -> Row {
        Row { world, of: world.name(), size: self.size, request: self.asked.what, cost: self.cost, cpu }
    }
}
