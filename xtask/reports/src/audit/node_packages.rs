//! Audit of Node.js packages, by `npm audit`. None of them is part of a function: they deploy and
//! test.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;
use xtask_common::process;

use crate::audit::check::{Answer, Verdict, ask, reason};

/// Less severe findings, in tools that see no hostile input, would only teach us to ignore the
/// report.
const SEVERE: [&str; 2] = ["high", "critical"];

pub fn advisories(dir: &Path) -> Result<Verdict> {
    let answer = ask(process::command("npm", dir).args(["audit", "--json"]))?;
    Ok(verdict(&answer))
}

fn verdict(answer: &Answer) -> Verdict {
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
    let Some(packages) = report["vulnerabilities"].as_object() else {
        let said = report["message"].as_str().map_or_else(|| reason(&answer.stderr), str::to_owned);
        return Verdict::Unknown(said);
    };
    let severe: Vec<String> = packages
        .iter()
        .filter_map(|(name, package)| Some((name, package["severity"].as_str()?, package)))
        .filter(|(_, severity, _)| SEVERE.contains(severity))
        .map(|(name, severity, package)| format!("{name} ({severity}): {}", titles(package)))
        .collect();
    if severe.is_empty() { Verdict::Clean } else { Verdict::Found(severe) }
}

/// A package is vulnerable itself, or through its dependencies.
fn titles(package: &Value) -> String {
    let causes = package["via"].as_array().into_iter().flatten();
    let titles = causes.filter_map(|cause| cause["title"].as_str().or_else(|| cause.as_str()));
    titles.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict_of(stdout: &Value) -> Verdict {
        verdict(&Answer { success: false, stdout: stdout.to_string(), stderr: "npm error x".to_owned() })
    }

    #[test]
    fn severe_weaknesses_are_found_and_others_let_pass() {
        let report = |severity: &str| {
            json!({ "auditReportVersion": 2, "vulnerabilities": {
                "lodash": { "severity": severity, "via": [{ "title": "Prototype pollution" }, "other"] },
            } })
        };
        let found = Verdict::Found(vec!["lodash (critical): Prototype pollution, other".to_owned()]);
        assert_eq!(verdict_of(&report("critical")), found);
        assert_eq!(verdict_of(&report("low")), Verdict::Clean);
        assert_eq!(verdict_of(&json!({ "vulnerabilities": {} })), Verdict::Clean);
    }

    #[test]
    fn a_registry_that_does_not_answer_proves_nothing() {
        let refused = json!({ "message": "405 Method Not Allowed", "error": { "summary": "" } });
        assert_eq!(verdict_of(&refused), Verdict::Unknown("405 Method Not Allowed".to_owned()));
        assert_eq!(verdict_of(&Value::Null), Verdict::Unknown("npm error x".to_owned()));
    }
}
