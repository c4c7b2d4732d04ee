//! Audit of crates, by cargo-deny and `deny.toml`.

use std::path::Path;

use anyhow::Result;
use xtask_common::paths::Paths;
use xtask_common::process;

use crate::audit::check::{Answer, Verdict, ask, reason};

/// The checks that need no database: licences, duplicates and sources, by `deny.toml`.
pub fn policy(paths: &Paths, deny: &Path) -> Result<Verdict> {
    check(paths, deny, &["licenses", "bans", "sources"])
}

/// Vulnerable, yanked and unmaintained crates.
pub fn advisories(paths: &Paths, deny: &Path) -> Result<Verdict> {
    check(paths, deny, &["advisories"])
}

fn check(paths: &Paths, deny: &Path, checks: &[&str]) -> Result<Verdict> {
    let mut command = process::command(deny, paths.root());
    command.args(["--color", "never", "--log-level", "warn", "check", "--hide-inclusion-graph"]).args(checks);
    Ok(verdict(&ask(&mut command)?))
}

fn verdict(answer: &Answer) -> Verdict {
    let said = format!("{}{}", answer.stderr, answer.stdout);
    if answer.success {
        return Verdict::Clean;
    }
    // Its last line is `advisories ok, bans FAILED`, if it got that far.
    if said.lines().any(|line| line.contains(" FAILED")) {
        return Verdict::Found(
            said.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect(),
        );
    }
    Verdict::Unknown(reason(&said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(success: bool, stderr: &str) -> Verdict {
        verdict(&Answer { success, stdout: String::new(), stderr: stderr.to_owned() })
    }

    #[test]
    fn a_failed_check_is_told_from_one_that_could_not_be_made() {
        assert_eq!(verdict_of(true, "advisories ok\n"), Verdict::Clean);
        let found = "error[vulnerability]: Buffer overflow\n\nadvisories FAILED\n";
        let lines = ["error[vulnerability]: Buffer overflow", "advisories FAILED"].map(str::to_owned);
        assert_eq!(verdict_of(false, found), Verdict::Found(lines.into()));
        let offline = "[ERROR] failed to fetch advisory database\nCould not resolve host\n";
        assert_eq!(
            verdict_of(false, offline),
            Verdict::Unknown("[ERROR] failed to fetch advisory database".to_owned())
        );
    }
}
