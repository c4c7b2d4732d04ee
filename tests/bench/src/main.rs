//! Runs Lambda functions as Lambda does, and measures what they cost, next to the bare SDK calls of the same path in the
//! same run: `cargo xtask bench`.

#![allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]

mod cases;
mod child;
mod measure;
mod report;
mod runtime_api;
mod stand_in;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use hyper::body::Bytes;
use serde_json::Value;

use cases::Case;
use measure::{Plan, Subject, measure};
use report::{Row, Run};
use stand_in::StandIn;

/// Measures functions next to their floors, or one function by itself.
#[derive(Parser)]
struct Args {
    /// Directory of the functions' release executables
    #[arg(long, required_unless_present = "bootstrap")]
    functions: Option<PathBuf>,
    /// Any other function: its executable
    #[arg(long, requires = "event", conflicts_with = "functions")]
    bootstrap: Option<PathBuf>,
    /// What it is invoked with, a JSON file
    #[arg(long)]
    event: Option<PathBuf>,
    /// What AWS answers it: a JSON file of answers by `Operation TABLE`
    #[arg(long)]
    answers: Option<PathBuf>,
    /// A variable of its environment, NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Cold starts of each
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
    cold: u16,
    /// Warm invocations of each
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u16).range(1..))]
    warm: u16,
    /// Only paths with this in their names
    #[arg(long, default_value = "")]
    only: String,
    /// Where to keep the raw numbers, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<()> {
    let args = Args::parse();
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
    if let Some(file) = args.report {
        let json = serde_json::to_string_pretty(&run)? + "\n";
        std::fs::write(&file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

struct Bench {
    plan: Plan,
    certificates: PathBuf,
}

impl Bench {
    /// Every path over plain HTTP and over TLS, and the floor below it.
    async fn all(&self, functions: &Path, only: &str) -> Result<Vec<Row>> {
        let floors = std::env::current_exe()?.parent().context("where am I?")?.to_owned();
        let mut rows = Vec::new();
        let hello = Case::hello();
        let cases = [vec![hello], Case::all()?, Case::of_lines(20)?, Case::of_lines(100)?].concat();
        for case in cases.iter().filter(|case| case.name.contains(only)) {
            for tls in [false, true] {
                let stand_in = self.stand_in(&case.answers, tls).await?;
                eprintln!("{} over {}", case.name, stand_in.transport());
                let check = |answer: &[u8]| case.check(answer);
                let run = |bootstrap: PathBuf| {
                    let (stand_in, check) = (&stand_in, &check);
                    async move {
                        let environment = self.environment(&stand_in.endpoint(), &[]);
                        let subject = Subject {
                            bootstrap: &bootstrap,
                            environment,
                            event: &case.event,
                            stand_in,
                            check,
                        };
                        measure(&subject, self.plan).await.with_context(|| bootstrap.display().to_string())
                    }
                };
                let (measured, floor) = match case.function {
                    Some(function) => {
                        (run(functions.join(function)).await?, Some(run(floors.join(case.floor)).await?))
                    }
                    None => (run(floors.join(case.floor)).await?, None),
                };
                let function = case.function.unwrap_or(case.floor).to_owned();
                rows.push(Row {
                    path: case.name.clone(),
                    transport: stand_in.transport(),
                    function,
                    measured,
                    floor,
                });
                if case.answers.is_empty() {
                    break;
                }
            }
        }
        Ok(rows)
    }

    /// One function that is not ours.
    async fn one(&self, bootstrap: &Path, args: &Args) -> Result<Vec<Row>> {
        let event = args.event.as_deref().map(read_json).transpose()?.unwrap_or_default();
        let event = Bytes::from(event.to_string());
        let answers: BTreeMap<String, Value> = match &args.answers {
            Some(file) => {
                serde_json::from_value(read_json(file)?).context("the answers are not an object")?
            }
            None => BTreeMap::new(),
        };
        let mut rows = Vec::new();
        for tls in [false, true] {
            let stand_in = self.stand_in(&answers, tls).await?;
            let environment = self.environment(&stand_in.endpoint(), &args.env);
            let subject =
                Subject { bootstrap, environment, event: &event, stand_in: &stand_in, check: &|_| Ok(()) };
            let measured = measure(&subject, self.plan).await?;
            let function = bootstrap.display().to_string();
            rows.push(Row {
                path: function.clone(),
                transport: stand_in.transport(),
                function,
                measured,
                floor: None,
            });
        }
        Ok(rows)
    }

    async fn stand_in(&self, answers: &BTreeMap<String, Value>, tls: bool) -> Result<StandIn> {
        StandIn::start(answers, tls.then_some(&*self.certificates)).await
    }

    /// What Lambda sets, and what the stack would.
    fn environment(&self, endpoint: &str, more: &[String]) -> Vec<(String, String)> {
        let certificates = self.certificates.display().to_string();
        let of_all = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "bench"),
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
            ("AWS_MAX_ATTEMPTS", "3"),
            ("ATTEMPT_TIMEOUT_MS", "1500"),
            ("ALLOWED_ORIGINS", "http://localhost:3000"),
            ("TOKEN_CLIENTS", "sample-client"),
            ("CURRENCY", "USD"),
            ("METRICS_NAMESPACE", "Ferrocart"),
            ("SERVICE", "bench"),
            ("STAGE", "bench"),
            ("PRODUCT_TABLE", "PRODUCT_TABLE"),
            ("BASKET_TABLE", "BASKET_TABLE"),
            ("PRICE_TABLE", "PRICE_TABLE"),
            ("CHECKOUT_TABLE", "CHECKOUT_TABLE"),
            ("IDEMPOTENCY_TABLE", "IDEMPOTENCY_TABLE"),
            ("ORDER_TABLE", "ORDER_TABLE"),
            ("AWS_ENDPOINT_URL", endpoint),
            ("SSL_CERT_FILE", &certificates),
        ];
        let more = more.iter().filter_map(|variable| variable.split_once('='));
        let all = of_all.into_iter().chain(more);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

fn read_json(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

/// What the numbers were measured on.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, model)| model));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{} ({cores} cores), Linux {}", model.unwrap_or("an unknown processor"), kernel.trim())
}
