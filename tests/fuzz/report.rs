//! What Schemathesis reports of a run (`--report-json-path`), and whether the run passed.

use serde::Deserialize;

/// The report, as far as it is looked at. <https://schemathesis.readthedocs.io/en/stable/reference/reports/>
#[derive(Debug, Deserialize)]
pub struct Report {
    complete: bool,
    exit_code: i32,
    operations: Option<Operations>,
    test_cases: TestCases,
    failures: Vec<Finding>,
    errors: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Operations {
    selected: u32,
    tested: u32,
    errored: u32,
}

#[derive(Debug, Deserialize)]
struct TestCases {
    generated: u32,
    with_failures: u32,
    without_checks: u32,
    errored: u32,
}

#[derive(Debug, Deserialize)]
struct Finding {
    title: String,
    count: u32,
}

impl Report {
    /// Reads a report.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// How many cases were made, all of them checked and passed.
    ///
    /// # Errors
    /// Why the run did not pass. A case that errored was made and not checked, and the exit code can be 0 all the same.
    pub fn passed(&self) -> Result<u32, String> {
        let Self { complete, exit_code, operations, test_cases, failures, errors } = self;
        let TestCases { generated, with_failures, without_checks, errored } = test_cases;
        let of_operations = operations.as_ref().map_or(0, |operations| operations.errored);
        let untested = operations
            .as_ref()
            .map_or(0, |operations| operations.selected.saturating_sub(operations.tested + of_operations));
        let found = failures.iter().chain(errors);
        let mut problems: Vec<String> =
            found.map(|finding| format!("{}: {}", finding.title, finding.count)).collect();
        for (count, what) in [
            (errored, "cases errored"),
            (with_failures, "cases failed"),
            (without_checks, "cases were not checked"),
            (&of_operations, "operations errored"),
            (&untested, "operations were not tested"),
        ] {
            if *count > 0 {
                problems.push(format!("{count} {what}"));
            }
        }
        if *exit_code != 0 {
            problems.push(format!("exit code {exit_code}"));
        }
        if !complete || operations.is_none() {
            problems.push("the run is not complete".to_owned());
        }
        if problems.is_empty() { Ok(*generated) } else { Err(problems.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A run that passed, as Schemathesis 4.30 reports it.
    fn report() -> Value {
        json!({
            "schemathesis_version": "4.30.1", "seed": 1, "stop_reason": "completed", "complete": true, "exit_code": 0,
            "operations": {
                "total": 2, "selected": 2, "tested": 2, "errored": 0, "skipped": 0, "skip_reasons": [],
            },
            "phases": { "fuzzing": { "status": "success", "skip_reason": null } },
            "test_cases": {
                "generated": 74, "with_failures": 0, "unique_failures": 0, "without_checks": 0, "errored": 0,
            },
            "failures": [], "errors": [], "baseline": null, "filtered": 0,
        })
    }

    /// What is said of the run with one field changed.
    fn with(pointer: &str, value: Value) -> Result<u32, String> {
        let mut report = report();
        *report.pointer_mut(pointer).unwrap() = value;
        Report::parse(&report.to_string()).unwrap().passed()
    }

    #[test]
    fn a_run_without_findings_passes() {
        assert_eq!(Report::parse(&report().to_string()).unwrap().passed(), Ok(74));
    }

    #[test]
    fn errored_cases_fail_the_run_whatever_its_exit_code() {
        assert_eq!(with("/test_cases/errored", json!(1)), Err("1 cases errored".to_owned()));
        let errors = json!([{ "title": "Network Error", "count": 1 }]);
        assert_eq!(with("/errors", errors), Err("Network Error: 1".to_owned()));
    }

    #[test]
    fn whatever_else_was_not_tested_fails_the_run() {
        for (pointer, value) in [
            ("/test_cases/with_failures", json!(1)),
            ("/test_cases/without_checks", json!(1)),
            ("/operations/errored", json!(1)),
            ("/operations/tested", json!(1)),
            ("/operations", Value::Null),
            ("/complete", json!(false)),
            ("/exit_code", json!(1)),
            ("/failures", json!([{ "type": "ServerError", "title": "Server error", "count": 2 }])),
        ] {
            assert!(with(pointer, value).is_err(), "{pointer}");
        }
    }

    #[test]
    fn something_else_is_no_report() {
        assert!(Report::parse("{}").is_err());
        assert!(Report::parse("23 generated, 21 passed, 2 errored").is_err());
    }
}
