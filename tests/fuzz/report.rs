//! Evaluation of a Schemathesis run.
//!
//! The report (`--report-json-path`) counts a case without a response as errored. It does not
//! separate failed requests from those never sent. Hypothesis gives up a sequence of requests when
//! its data are used up, after it has made the next request. The events (`--report-ndjson-path`)
//! separate both.

use serde::Deserialize;
use serde_json::{Map, Value};

/// At most one case in this many may be given up before it is sent, or the run tests too little.
const MAX_UNSENT_ONE_IN: u32 = 100;

/// The fields of the report that are evaluated.
/// <https://schemathesis.readthedocs.io/en/stable/reference/reports/>
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
    errored: u32,
}

#[derive(Debug, Deserialize)]
struct Finding {
    title: String,
    count: u32,
}

impl Report {
    /// Parses a report.
    ///
    /// # Errors
    /// When the text is no report.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The number of generated cases, if all sent ones were answered and passed. `unsent` cases
    /// were not sent, as [`unsent`] counts them.
    ///
    /// # Errors
    /// The reason why the run did not pass. A case can error although the exit code is 0.
    pub fn passed(&self, unsent: u32) -> Result<u32, String> {
        let Self { complete, exit_code, operations, test_cases, failures, errors } = self;
        let TestCases { generated, with_failures, errored } = *test_cases;
        let (of_operations, untested) = operations.as_ref().map_or((0, 0), |operations| {
            let Operations { selected, tested, errored } = *operations;
            (errored, selected.saturating_sub(tested + errored))
        });
        let found = failures.iter().chain(errors);
        let mut problems: Vec<String> =
            found.map(|finding| format!("{}: {}", finding.title, finding.count)).collect();
        let mut expect_none = |count: u32, what: &str| {
            if count > 0 {
                problems.push(format!("{count} {what}"));
            }
        };
        expect_none(errored.saturating_sub(unsent), "cases errored");
        expect_none(with_failures, "cases failed");
        expect_none(of_operations, "operations errored");
        expect_none(untested, "operations were not tested");
        if unsent > generated / MAX_UNSENT_ONE_IN {
            problems.push(format!("{unsent} of {generated} cases were not sent"));
        }
        if *exit_code != 0 {
            problems.push(format!("exit code {exit_code}"));
        }
        if !complete || operations.is_none() {
            problems.push("the run is not complete".to_owned());
        }
        if problems.is_empty() { Ok(generated) } else { Err(problems.join(", ")) }
    }
}

/// The fields of one event that are evaluated.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "ScenarioFinished")]
    scenario: Option<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    status: String,
    recorder: Recorder,
}

#[derive(Deserialize)]
struct Recorder {
    #[serde(default)]
    cases: Map<String, Value>,
    #[serde(default)]
    interactions: Map<String, Value>,
    #[serde(default)]
    checks: Map<String, Value>,
}

/// The number of cases in these events that were given up before they were sent, in scenarios
/// without an error.
///
/// # Errors
/// When the text holds no events.
pub fn unsent(events: &str) -> serde_json::Result<u32> {
    let mut unsent = 0;
    for line in events.lines() {
        let Event { scenario } = serde_json::from_str(line)?;
        if let Some(Scenario { status, recorder }) = scenario
            && status != "error"
        {
            let Recorder { cases, interactions, checks } = recorder;
            let was_sent = |id: &String| interactions.contains_key(id) || checks.contains_key(id);
            unsent += cases.keys().map(|id| u32::from(!was_sent(id))).sum::<u32>();
        }
    }
    Ok(unsent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
                "generated": 740, "with_failures": 0, "unique_failures": 0, "without_checks": 0, "errored": 0,
            },
            "failures": [], "errors": [], "baseline": null, "filtered": 0,
        })
    }

    /// The result of the run with one field changed.
    fn with(pointer: &str, value: Value) -> Result<u32, String> {
        let mut report = report();
        *report.pointer_mut(pointer).unwrap() = value;
        Report::parse(&report.to_string()).unwrap().passed(0)
    }

    /// The events of a run with one scenario: one request was answered, another was not.
    fn events(status: &str, of_the_other: Value) -> String {
        let mut interactions = json!({ "a": { "request": {}, "response": { "status_code": 200 } } });
        if !of_the_other.is_null() {
            interactions["b"] = of_the_other;
        }
        let recorder = json!({
            "label": "GET /product", "cases": { "a": { "value": {} }, "b": { "value": {} } },
            "checks": { "a": [{ "name": "not_a_server_error", "status": "success" }] }, "interactions": interactions,
        });
        let scenario =
            json!({ "ScenarioFinished": { "phase": "stateful", "status": status, "recorder": recorder } });
        let skipped =
            json!({ "ScenarioFinished": { "status": "skip", "recorder": { "label": "GET /product" } } });
        format!("{}\n{skipped}\n{scenario}\n", json!({ "EngineStarted": {} }))
    }

    #[test]
    fn a_run_without_findings_passes() {
        assert_eq!(Report::parse(&report().to_string()).unwrap().passed(0), Ok(740));
    }

    #[test]
    fn errored_cases_fail_the_run_whatever_its_exit_code() {
        assert_eq!(with("/test_cases/errored", json!(1)), Err("1 cases errored".to_owned()));
        let errors = json!([{ "title": "Network Error", "count": 1 }]);
        assert_eq!(with("/errors", errors), Err("Network Error: 1".to_owned()));
    }

    #[test]
    fn cases_that_were_given_up_before_they_were_sent_are_few_and_no_errors() {
        assert_eq!(unsent(&events("success", Value::Null)).unwrap(), 1);
        assert_eq!(unsent(&events("error", Value::Null)).unwrap(), 0);
        assert_eq!(unsent(&events("success", json!({ "request": {}, "response": null }))).unwrap(), 0);
        let mut errored = report();
        errored["test_cases"]["errored"] = json!(2);
        let errored = Report::parse(&errored.to_string()).unwrap();
        assert_eq!(errored.passed(2), Ok(740));
        assert_eq!(errored.passed(1), Err("1 cases errored".to_owned()));
        assert_eq!(errored.passed(8), Err("8 of 740 cases were not sent".to_owned()));
    }

    #[test]
    fn untested_operations_fail_the_run() {
        for (pointer, value) in [
            ("/test_cases/with_failures", json!(1)),
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
        assert!(unsent("23 generated").is_err());
    }
}
