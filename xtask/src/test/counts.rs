//! Test counts, parsed from the output of a test program.

use std::ops::AddAssign;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Counts {
    pub const ONE_PASSED: Self = Self { passed: 1, failed: 0, ignored: 0 };
    pub const ONE_FAILED: Self = Self { passed: 0, failed: 1, ignored: 0 };

    /// Counts in one line of `cargo test`, `node --test` or `vitest`; none in all other lines.
    pub fn in_line(line: &str) -> Self {
        let line = without_colours(line);
        let results = [cargo_result, node_result, vitest_result];
        results.iter().find_map(|result| result(&line)).unwrap_or_default()
    }

    /// Assertions in the JSON report of newman.
    pub fn in_newman_report(path: &Path) -> Result<Self> {
        let read = || format!("cannot read the report {}", path.display());
        let report = std::fs::read_to_string(path).with_context(read)?;
        let report: Value = serde_json::from_str(&report).with_context(read)?;
        newman_result(&report).with_context(read)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn cargo_result(line: &str) -> Option<Counts> {
    let (_, numbers) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let number = |name: &str| {
        numbers.split(';').find_map(|part| part.trim().strip_suffix(name)?.trim().parse().ok()).unwrap_or(0)
    };
    Some(Counts { passed: number("passed"), failed: number("failed"), ignored: number("ignored") })
}

/// `# pass 5`, or `ℹ pass 5` on a terminal.
fn node_result(line: &str) -> Option<Counts> {
    let (name, number) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?.split_once(' ')?;
    let number = number.trim().parse().ok()?;
    match name {
        "pass" => Some(Counts { passed: number, ..Counts::default() }),
        "fail" | "cancelled" => Some(Counts { failed: number, ..Counts::default() }),
        "skipped" | "todo" => Some(Counts { ignored: number, ..Counts::default() }),
        _ => None,
    }
}

/// `      Tests  2 failed | 5 passed | 1 skipped (8)`
fn vitest_result(line: &str) -> Option<Counts> {
    let (numbers, _) = line.trim_start().strip_prefix("Tests  ")?.split_once(" (")?;
    let number = |name: &str| {
        numbers.split('|').find_map(|part| part.trim().strip_suffix(name)?.trim().parse().ok()).unwrap_or(0)
    };
    Some(Counts { passed: number("passed"), failed: number("failed"), ignored: number("skipped") })
}

/// Requests without a response fail no assertion, so they count as separate failures.
fn newman_result(report: &Value) -> Option<Counts> {
    let stats = &report["run"]["stats"];
    let total = stats["assertions"]["total"].as_u64()?;
    let failed = stats["assertions"]["failed"].as_u64()?;
    let unanswered = stats["requests"]["failed"].as_u64()?;
    Some(Counts { passed: total.saturating_sub(failed), failed: failed + unanswered, ignored: 0 })
}

/// A line without terminal escape sequences.
pub fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(passed: u64, failed: u64, ignored: u64) -> Counts {
        Counts { passed, failed, ignored }
    }

    #[test]
    fn results_of_cargo_are_read() {
        let ok =
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(Counts::in_line(ok), counts(12, 0, 1));
        let failed =
            "test result: \x1b[31mFAILED\x1b[m. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Counts::in_line(failed), counts(3, 2, 0));
    }

    #[test]
    fn results_of_node_are_read() {
        assert_eq!(Counts::in_line("# pass 5"), counts(5, 0, 0));
        assert_eq!(Counts::in_line("ℹ fail 2"), counts(0, 2, 0));
        assert_eq!(Counts::in_line("\x1b[34mℹ skipped 1\x1b[39m"), counts(0, 0, 1));
        assert_eq!(Counts::in_line("# tests 8"), counts(0, 0, 0));
    }

    #[test]
    fn results_of_vitest_are_read() {
        assert_eq!(Counts::in_line("      Tests  5 passed (5)"), counts(5, 0, 0));
        let failed = "\x1b[2m      Tests \x1b[22m \x1b[1m2 failed\x1b[22m | 5 passed | 1 skipped (8)";
        assert_eq!(Counts::in_line(failed), counts(5, 2, 1));
        assert_eq!(Counts::in_line(" Test Files  13 passed (13)"), counts(0, 0, 0));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in
            ["", "test basket::totals ... ok", "running 3 tests", "# Subtest: pass 5", "# duration_ms 12"]
        {
            assert_eq!(Counts::in_line(line), Counts::default(), "{line}");
        }
    }

    #[test]
    fn reports_of_newman_are_read() {
        let report = json!({ "run": { "stats": {
            "assertions": { "total": 40, "failed": 2 }, "requests": { "total": 20, "failed": 1 } } } });
        assert_eq!(newman_result(&report), Some(counts(38, 3, 0)));
        assert_eq!(newman_result(&json!({})), None);
    }
}
