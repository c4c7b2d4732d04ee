//! `cargo xtask audit`: known vulnerabilities in the packages of the shop and its tools.
//!
//! Each check queries a database on the internet. A check that cannot reach its database neither
//! passes nor fails, and the command does not succeed: a missing result must not look like a clean
//! one.

mod check;
mod crates;
mod node_packages;
mod python_packages;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::python::{Packages, Venv};
use xtask_common::steps::Steps;
use xtask_common::{prerequisites, table};

use crate::audit::check::Verdict;
use crate::tools;

#[derive(Parser)]
pub struct Args {}

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
        Report { name: "npm: infra", verdict: node_packages::advisories(paths.root())? },
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
}
