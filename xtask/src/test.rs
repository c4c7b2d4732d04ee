//! `cargo xtask test`: all tests, or the named parts of them.

mod browser;
mod changes;
#[cfg(test)]
mod circles;
mod counts;
#[cfg(test)]
mod dependency_rules;
mod failures;
#[cfg(test)]
mod line_endings;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod named_tests;
mod part;
mod runner;
pub mod stack;
#[cfg(test)]
mod workflows;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::services::Services;
use xtask_common::{interrupt, table};

use crate::test::changes::Choice;
use crate::test::part::Part;
use crate::test::runner::{Report, Runner};

#[derive(Parser)]
pub struct Args {
    /// Parts to test; everything without any
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Only format, lints, units, and the services that changed since the branch left main
    #[arg(long, conflicts_with = "parts")]
    quick: bool,
}

/// What `--quick` tests.
const QUICK: [Part; 4] = [Part::Format, Part::Clippy, Part::Unit, Part::Services];

pub fn run(paths: &Paths, args: &Args) -> Result<ExitCode> {
    let wanted = if args.quick { &QUICK[..] } else { &args.parts };
    let mut parts: Vec<_> =
        Part::ALL.into_iter().filter(|part| wanted.is_empty() || wanted.contains(part)).collect();
    let services = Services::find(paths)?;
    let mut tested: Vec<String> = services.names().map(str::to_owned).collect();
    if args.quick {
        let choice = Choice::find(paths, &services)?;
        println!("{choice}");
        tested = choice.services().map(str::to_owned).collect();
        parts.retain(|part| *part != Part::Services || !tested.is_empty());
    }
    let mut runner = Runner::new(paths, services, tested, &parts)?;
    let mut reports = Vec::new();
    for part in parts {
        match runner.run(part) {
            Ok(report) => reports.push(report),
            // Dropping the runner stops the stack; the parts that ran still get a summary.
            Err(error) => {
                print_summary(&reports);
                return Err(error);
            }
        }
    }
    drop(runner);
    interrupt::check()?;
    print_summary(&reports);
    Ok(if reports.iter().all(Report::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_summary(reports: &[Report]) {
    if reports.is_empty() {
        return;
    }
    for line in reports.iter().flat_map(Report::said_of_failures) {
        println!("{line}");
    }
    let mut rows = vec![["part", "passed", "failed", "ignored", "time", ""].map(str::to_owned)];
    let mut total = counts::Counts::default();
    for report in reports {
        let counts = report.counts;
        total += counts;
        rows.push([
            report.part.name(),
            counts.passed.to_string(),
            counts.failed.to_string(),
            counts.ignored.to_string(),
            format!("{:.1} s", report.duration.as_secs_f32()),
            if report.is_ok() { "ok".to_owned() } else { "FAILED".to_owned() },
        ]);
    }
    print!("\n{}", table::render(&rows));
    for report in reports {
        for failure in &report.failures {
            println!("{}: {failure}", report.part.name());
        }
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
}
