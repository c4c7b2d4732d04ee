//! Load generator, `cargo xtask load`: sends customers into a shop at a fixed rate and measures
//! latency.
//!
//! The model is open: customers arrive at random, whether earlier ones have been served or not. A
//! shop that falls behind therefore serves more and more of them, as in production. Latency counts
//! from the planned start (no coordinated omission).

mod arrivals;
mod check;
mod journey;
mod picture;
mod record;
mod shop;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::journey::Journey;
use crate::record::Record;
use crate::shop::{Customer, Outputs, Shop, User};

/// The interval of progress output: on a terminal in one line, otherwise line by line.
const TICK: Duration = Duration::from_secs(1);
const LINES_APART: usize = 10;

#[derive(Parser)]
struct Args {
    /// The outputs of the shop: its API, region and user pool
    #[arg(long, value_name = "FILE")]
    outputs: PathBuf,
    /// Customers who arrive each second
    #[arg(long, default_value_t = 5.0, value_parser = rate)]
    rate: f64,
    /// How long customers arrive, in seconds; tokens are valid for an hour
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3000))]
    seconds: u32,
    /// Number of different customers; none runs two journeys at a time [default: half a minute's
    /// worth, 20 at least]
    #[arg(long)]
    customers: Option<usize>,
    /// Customers who can sign in already, as JSON: [{"userName": "...", "password": "..."}]. Needed
    /// on AWS, where a person has to confirm each new one
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// Seed of arrival times and purchases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write the picture and the numbers
    #[arg(long, value_name = "DIRECTORY")]
    results: PathBuf,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 10_000.0 => Ok(rate),
        _ => Err("is not above 0 and at most 10000".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<ExitCode> {
    let outputs = Outputs::read(&args.outputs)?;
    let shop = Shop::new(&outputs)?;
    let products = shop.catalogue().await?;
    let customers = customers(&shop, args, outputs.is_local()).await?;
    let names = customers.iter().map(|customer| customer.name.clone()).collect::<Vec<_>>();
    println!("{} customers are signed in, {} products are on sale", names.len(), products.len());

    let arrivals = arrivals::poisson(args.rate, args.seconds, &mut fastrand::Rng::with_seed(args.seed));
    let journey = Arc::new(Journey::new(shop.clone(), products, customers, args.seed));
    let began = check::now();
    let record = drive(&journey, &arrivals).await?;

    println!("\n{}", record.table());
    println!("{}", record.summary());
    let verdict = check::orders(&shop, &journey.customers(), &record, began).await?;
    println!("{verdict}");
    let title = format!("{} customers a second for {} s: {}", args.rate, args.seconds, outputs.api_url);
    keep(&args.results, &record, &title, &verdict)?;
    let served = !record.orders().is_empty();
    Ok(if served && verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Signs customers up where that needs no person, otherwise signs them in.
async fn customers(shop: &Shop, args: &Args, local: bool) -> Result<Vec<Customer>> {
    if let Some(file) = &args.users {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let users: Vec<User> =
            serde_json::from_str(&text).with_context(|| format!("{} is no list of users", file.display()))?;
        ensure!(!users.is_empty(), "{} names nobody", file.display());
        return shop.sign_in(users, false).await;
    }
    if !local {
        bail!("on AWS a person has to confirm each new customer: name some who are with --users FILE");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is from 0 to 10,000")]
    let needed = args.customers.unwrap_or_else(|| (args.rate * 30.0).ceil().max(20.0) as usize);
    let run = letters(check::now());
    let new = |number| User {
        user_name: format!("load-{run}-{number}"),
        password: format!("Load-1-{run}-{number}"),
    };
    println!("signing up {needed} customers");
    shop.sign_in((0..needed).map(new).collect(), true).await
}

/// A number as letters: the shop rejects long numbers in a name as card numbers when their
/// checksums match.
fn letters(number: u128) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// Starts customers at their arrival times and waits until all have finished.
async fn drive(journey: &Arc<Journey>, arrivals: &[Duration]) -> Result<Record> {
    let done = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let record = Arc::new(Record::new(start));
    let coming = async {
        let mut tasks = JoinSet::new();
        for after in arrivals {
            let meant = start + *after;
            sleep_until(meant).await;
            let (journey, record, done) = (Arc::clone(journey), Arc::clone(&record), Arc::clone(&done));
            record.came(meant);
            tasks.spawn(async move {
                journey.make(meant, &record).await;
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.context("a customer fell over")?;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = coming => ended?,
        () = progress(&record, &done, arrivals.len()) => {}
    }
    Ok(record.snapshot())
}

async fn progress(record: &Record, done: &AtomicUsize, all: usize) {
    let terminal = std::io::stdout().is_terminal();
    for second in 1.. {
        tokio::time::sleep(TICK).await;
        let line = record.progress(done.load(Ordering::Relaxed), all);
        if terminal {
            print!("\r\x1b[K{line}");
            // A failed flush loses only a line of progress.
            let _unseen = std::io::Write::flush(&mut std::io::stdout());
        } else if second % LINES_APART == 0 {
            println!("{line}");
        }
    }
}

fn keep(directory: &Path, record: &Record, title: &str, verdict: &check::Verdict) -> Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let write = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
        anyhow::Ok(())
    };
    write("latency.svg", picture::svg(title, &record.seconds()))?;
    let mut numbers = record.json();
    numbers["run"] = title.into();
    numbers["orders"] = serde_json::to_value(verdict)?;
    write("latency.json", serde_json::to_string_pretty(&numbers)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_number_that_could_be_a_card() {
        assert_eq!(letters(1_795_239_283_123), "bhjfcdjcidbcd");
    }
}
