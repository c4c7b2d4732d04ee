//! Runs Lambda functions as Lambda does and measures their cost: `cargo xtask bench`. The same run
//! measures the bare SDK calls of each path for comparison.

#![allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]

mod answer;
mod call;
mod cases;
mod child;
mod environment;
mod event;
mod growth;
mod items;
mod measure;
mod report;
mod server;
mod stand_in;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use hyper::body::Bytes;
use serde::Serialize;
use serde_json::Value;

use answer::Expected;
use cases::Case;
use environment::environment;
use measure::{Plan, Subject, Work, measure};
use report::{Row, Run};
use stand_in::{Answers, StandIn};

/// Measures functions next to their floors, or one function by itself.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Directory of the services' release executables
    #[arg(long, required_unless_present = "bootstrap")]
    functions: Option<PathBuf>,
    /// The executable of any other function
    #[arg(long, requires = "event", conflicts_with = "functions")]
    bootstrap: Option<PathBuf>,
    /// The event to invoke it with, a JSON file
    #[arg(long)]
    event: Option<PathBuf>,
    /// The responses of AWS: a JSON file by `Operation TABLE`, each an object, or a list that takes
    /// turns
    #[arg(long)]
    answers: Option<PathBuf>,
    /// An environment variable of the function, NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Cold starts of each function
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
    cold: u16,
    /// Warm invocations of each function
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u16).range(1..))]
    warm: u16,
    /// Run only paths whose names contain this
    #[arg(long, default_value = "")]
    only: String,
    /// Where to write the raw numbers, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the cost of requests as the data grows, on a local AWS
    Growth(growth::Args),
}

/// The timeout of every measured function; none comes close to it.
const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(Command::Growth(args)) = &args.command {
        return growth::run(args).await;
    }
    let plan = Plan { cold: args.cold.into(), warm: args.warm.into() };
    let directory = tempfile::tempdir().context("no directory for the certificate")?;
    let bench = Bench { plan, certificates: directory.path().join("certificates.pem") };
    let rows = match (&args.bootstrap, &args.functions) {
        (Some(bootstrap), _) => bench.one(bootstrap, &args).await?,
        (None, Some(functions)) => bench.all(functions, &args.only).await?,
        (None, None) => Vec::new(),
    };
    let run = Run { machine: machine(), plan, rows };
    println!("\n{}\n\n{}\n\n{}", run.machine, run.table(), run.calls());
    args.report.map_or(Ok(()), |file| write_json(&file, &run))
}

struct Bench {
    plan: Plan,
    certificates: PathBuf,
}

/// The executable of a function's service. The function's name begins with the service's name.
fn executable_of(services: &Path, function: &str) -> PathBuf {
    let prefixes = function.match_indices('-').map(|(end, _)| &function[..end]).chain([function]);
    let candidates: Vec<_> = prefixes.map(|name| services.join(name)).collect();
    candidates.iter().rev().find(|path| path.is_file()).unwrap_or(&candidates[0]).clone()
}

impl Bench {
    /// Measures every path over plain HTTP and over TLS, and the floor below it.
    async fn all(&self, functions: &Path, only: &str) -> Result<Vec<Row>> {
        let floors = std::env::current_exe()?.parent().context("where am I?")?.to_owned();
        let executable = |name: &str| {
            let is_floor = name.starts_with("floor-");
            if is_floor { floors.join(name) } else { executable_of(functions, name) }
        };
        let mut rows = Vec::new();
        for case in Case::all()?.iter().filter(|case| case.name.contains(only)) {
            for tls in [false, true] {
                let stand_in = self.stand_in(&case.answers, tls).await?;
                eprintln!("{} over {}", case.name, stand_in.transport());
                let work = Work { event: &case.event, expected: case.expected, stand_in: &stand_in };
                let names = [case.function].into_iter().chain(case.floor);
                let started: Vec<_> = names.map(|name| (executable(name), name)).collect();
                let mut measured = self.measure(&started, &work, &[]).await?.into_iter();
                let (function, floor) = (measured.next(), measured.next());
                rows.push(Row {
                    path: case.name.clone(),
                    transport: stand_in.transport(),
                    function: case.function.to_owned(),
                    measured: function.context("nothing was measured")?,
                    floor,
                });
                if case.answers.is_empty() {
                    break;
                }
            }
        }
        Ok(rows)
    }

    /// Measures one function that is not part of the shop.
    async fn one(&self, bootstrap: &Path, args: &Args) -> Result<Vec<Row>> {
        let event = args.event.as_deref().map(read_json).transpose()?.unwrap_or_default();
        let event = Bytes::from(event.to_string());
        let answers: Answers = match &args.answers {
            Some(file) => {
                serde_json::from_value(read_json(file)?).context("the answers are not an object")?
            }
            None => Answers::new(),
        };
        let more: Vec<_> = args.env.iter().filter_map(|variable| variable.split_once('=')).collect();
        let mut rows = Vec::new();
        for tls in [false, true] {
            let stand_in = self.stand_in(&answers, tls).await?;
            let work = Work { event: &event, expected: Expected::Anything, stand_in: &stand_in };
            let measured = self.measure(&[(bootstrap.to_owned(), "bootstrap")], &work, &more).await?;
            let function = bootstrap.display().to_string();
            rows.push(Row {
                path: function.clone(),
                transport: stand_in.transport(),
                function,
                measured: measured.into_iter().next().context("nothing was measured")?,
                floor: None,
            });
        }
        Ok(rows)
    }

    async fn measure(
        &self,
        started: &[(PathBuf, &str)],
        work: &Work<'_>,
        more: &[(&str, &str)],
    ) -> Result<Vec<measure::Measured>> {
        let certificates = self.certificates.display().to_string();
        let more = [&[("SSL_CERT_FILE", &*certificates)], more].concat();
        let subjects: Vec<_> = started
            .iter()
            .map(|(bootstrap, handler)| {
                let environment = environment(handler, &work.stand_in.endpoint(), &more);
                Subject { bootstrap, environment, timeout: TIMEOUT }
            })
            .collect();
        let names = || started.iter().map(|(bootstrap, _)| bootstrap.display().to_string());
        measure(&subjects, work, self.plan).await.with_context(|| names().collect::<Vec<_>>().join(", "))
    }

    async fn stand_in(&self, answers: &Answers, tls: bool) -> Result<StandIn> {
        StandIn::start(answers, tls.then_some(&*self.certificates)).await
    }
}

fn read_json(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

fn write_json(file: &Path, content: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(content)? + "\n";
    std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))
}

/// The machine that ran the benchmark.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, model)| model));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{} ({cores} cores), Linux {}", model.unwrap_or("an unknown processor"), kernel.trim())
}
