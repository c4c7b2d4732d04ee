//! Runs the chaos test for the given time: `cargo xtask chaos --minutes N --seed S`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use shop_tests::chaos::{self, Plan};

#[derive(Parser)]
struct Args {
    /// Duration in minutes
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Seed of all random choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of customers
    #[arg(long, default_value_t = 300)]
    customers: usize,
    /// Where to write the results, as JSON
    #[arg(long)]
    report: Option<PathBuf>,
}

#[expect(clippy::print_stdout, reason = "a command line program talks to its user")]
fn main() -> ExitCode {
    let Args { minutes, seed, customers, report: file } = Args::parse();
    let report =
        chaos::run(Plan { seed, duration: Duration::from_secs(60 * minutes), checkouts: 0, customers });
    let json = serde_json::to_string_pretty(&report).unwrap_or_else(|error| error.to_string());
    println!("{json}");
    if let Some(file) = file
        && let Err(error) = std::fs::write(&file, json + "\n")
    {
        println!("cannot write {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
