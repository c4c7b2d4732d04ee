//! `cargo xtask audit`: known vulnerabilities in the packages of the shop and its tools.
//!
//! Each check queries a database on the internet. A check that cannot reach its database neither
//! passes nor fails, and the command does not succeed: a missing result must not look like a clean
//! one.

mod crates;
mod node_packages;
mod python_packages;

use std::fmt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Parser;

use crate::paths::Paths;
use crate::python::{Packages, Venv};
use crate::steps::Steps;
use crate::{interrupt, prerequisites, process, table, tools};

#[derive(Parser)]
pub struct Args {}

/// Result of a check.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    /// The findings to fix, one per line.
    Found(Vec<String>),
    /// Why there is no result.
    Unknown(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Clean => "ok",
            Self::Found(_) => "FOUND",
            Self::Unknown(_) => "NOT CHECKED",
        })
    }
}

struct Report {
    name: &'static str,
    verdict: Verdict,
}

pub fn run(paths: &Paths, _args: &Args) -> Result<ExitCode> {
    let mut steps = Steps::new(paths, 3);
    let python = prerequisites::step(paths, &mut steps)?;
    let venv = steps.run("python packages", |step| Venv::provide(paths, &python, Packages::Audit, step))?;
    let deny = steps.run("cargo-deny", |step| tools::cargo_deny(paths, step))?;
    let reports = [
        Report { name: "crates: licences, duplicates, sources", verdict: crates::policy(paths, &deny)? },
        Report { name: "crates: advisories", verdict: crates::advisories(paths, &deny)? },
        Report { name: "npm: infra", verdict: node_packages::advisories(&paths.infra())? },
        Report { name: "npm: postman", verdict: node_packages::advisories(&paths.postman())? },
        Report { name: "python", verdict: python_packages::advisories(paths, &venv)? },
    ];
    print_summary(&reports);
    Ok(exit_code(&reports))
}

fn print_summary(reports: &[Report]) {
    let mut rows = vec![["check", ""].map(str::to_owned)];
    rows.extend(reports.iter().map(|report| [report.name.to_owned(), report.verdict.to_string()]));
    print!("\n{}", table::render(&rows));
    for Report { name, verdict } in reports {
        match verdict {
            Verdict::Clean => {}
            Verdict::Found(found) => {
                println!("\n{name}:");
                for line in found {
                    println!("  {line}");
                }
            }
            Verdict::Unknown(why) => println!("\n{name}: nothing is known, because {why}"),
        }
    }
}

fn exit_code(reports: &[Report]) -> ExitCode {
    let clean = reports.iter().all(|report| report.verdict == Verdict::Clean);
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a program printed, whether it succeeded or not.
struct Answer {
    success: bool,
    stdout: String,
    stderr: String,
}

fn ask(command: &mut Command) -> Result<Answer> {
    let shown = process::shown(command);
    println!("$ {shown}");
    let output = command.output().with_context(|| format!("cannot run `{shown}`"))?;
    interrupt::check()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

/// The line that most likely states the error.
fn reason(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = lines().rfind(|line| line.to_lowercase().contains("error")).or_else(|| lines().next_back());
    said.unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_audits_are_no_success() {
        let code = |verdict| format!("{:?}", exit_code(&[Report { name: "x", verdict }]));
        assert_eq!(code(Verdict::Clean), format!("{:?}", ExitCode::SUCCESS));
        for verdict in [Verdict::Found(vec![]), Verdict::Unknown(String::new())] {
            assert_eq!(code(verdict), format!("{:?}", ExitCode::FAILURE));
        }
    }

    #[test]
    fn the_reason_is_the_last_line_about_an_error() {
        assert_eq!(reason("x\n  Error: no network\n\n at y\n"), "Error: no network");
        assert_eq!(reason("one\ntwo\n"), "two");
        assert_eq!(reason(""), "it said nothing");
    }
}
