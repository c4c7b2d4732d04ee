//! Runs the shop under fire for as long as asked: `cargo xtask chaos --minutes N --seed S`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use shop_tests::chaos::{self, Plan};

#[derive(Parser)]
struct Args {
    /// How long
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Everything follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many customers
    #[arg(long, default_value_t = 300)]
    customers: usize,
}

#[expect(clippy::print_stdout, reason = "a command line program talks to its user")]
fn main() -> ExitCode {
    let Args { minutes, seed, customers } = Args::parse();
    let report = chaos::run(Plan { seed, duration: Duration::from_secs(60 * minutes), customers });
    match serde_json::to_string_pretty(&report) {
        Ok(json) => println!("{json}"),
        Err(error) => println!("unwritable report: {error}"),
    }
    if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
