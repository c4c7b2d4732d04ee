//! One check: a program that is run, and the verdict on what it found.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result};
use xtask_common::{interrupt, process};

/// Result of a check.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
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

/// What a program printed, whether it succeeded or not.
pub struct Answer {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

pub fn ask(command: &mut Command) -> Result<Answer> {
    let shown = process::shown(command);
    println!("$ {shown}");
    let output = command.output().with_context(|| format!("cannot run `{shown}`"))?;
    interrupt::check()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

/// The line that most likely states the error.
pub fn reason(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = lines().rfind(|line| line.to_lowercase().contains("error")).or_else(|| lines().next_back());
    said.unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_last_line_about_an_error() {
        assert_eq!(reason("x\n  Error: no network\n\n at y\n"), "Error: no network");
        assert_eq!(reason("one\ntwo\n"), "two");
        assert_eq!(reason(""), "it said nothing");
    }
}
