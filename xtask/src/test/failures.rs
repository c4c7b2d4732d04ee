//! Output of failed tests, repeated in the final summary.

use crate::test::counts::without_colours;

/// Maximum output repeated per command; the rest is in the log above.
const LINES: usize = 200;

#[derive(Default)]
pub struct Failures {
    lines: Vec<String>,
    is_listing: bool,
}

impl Failures {
    /// Reads a line of `cargo test` or `node --test`, and stores it if it is about a failed test.
    pub fn read(&mut self, line: &str) {
        match &*without_colours(line) {
            // First with the output of each failed test, then with their names.
            "failures:" | "✖ failing tests:" => self.is_listing = true,
            result if result.starts_with("test result: ") => self.is_listing = false,
            _ if self.is_listing && self.lines.len() < LINES => self.lines.push(line.to_owned()),
            _ => {}
        }
    }

    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(output: &str) -> Vec<String> {
        let mut failures = Failures::default();
        output.lines().for_each(|line| failures.read(line));
        failures.into_lines()
    }

    #[test]
    fn failures_reported_by_cargo_are_kept() {
        let output = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\n\x1b[31mfailures:\x1b[m\n---- b stdout ----\n\
            b.rs:1: no\n\nfailures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed\nrunning 1 test\ntest c ... ok";
        assert_eq!(kept(output), ["---- b stdout ----", "b.rs:1: no", "", "    b", ""]);
    }

    #[test]
    fn failures_reported_by_node_are_kept() {
        let output = "✖ a stack (3 ms)\nℹ fail 1\n\n✖ failing tests:\n\ntest at stack.test.ts:1\n  not so";
        assert_eq!(kept(output), ["", "test at stack.test.ts:1", "  not so"]);
    }

    #[test]
    fn output_of_failures_is_kept_within_bounds() {
        assert!(kept("running 1 test\ntest a ... ok\ntest result: ok. 1 passed").is_empty());
        assert_eq!(kept(&format!("failures:\n{}", "no\n".repeat(2 * LINES))).len(), LINES);
    }
}
