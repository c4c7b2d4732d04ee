//! Audit of Python packages, by pip-audit. None of them is part of a function: they are the local
//! AWS and build tools.

use anyhow::Result;
use serde_json::Value;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::python::{Packages, Venv};

use crate::audit::check::{Answer, Verdict, ask, reason};

pub fn advisories(paths: &Paths, venv: &Venv) -> Result<Verdict> {
    let mut audit = process::command(venv.tool("pip-audit"), paths.root());
    audit.args(["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]);
    for packages in Packages::ALL {
        audit.arg("--requirement").arg(packages.requirements(paths));
    }
    Ok(verdict(&ask(&mut audit)?))
}

fn verdict(answer: &Answer) -> Verdict {
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
    let Some(packages) = report["dependencies"].as_array().filter(|packages| !packages.is_empty()) else {
        return Verdict::Unknown(reason(&answer.stderr));
    };
    let found: Vec<String> = packages.iter().flat_map(weaknesses).collect();
    if !found.is_empty() {
        return Verdict::Found(found);
    }
    // pip-audit counts skipped packages as clean.
    match packages.iter().find_map(|package| package["skip_reason"].as_str()) {
        Some(skipped) => Verdict::Unknown(skipped.to_owned()),
        None => Verdict::Clean,
    }
}

fn weaknesses(package: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let known = package["vulns"].as_array().into_iter().flatten();
    known
        .map(|weakness| {
            format!("{} {}: {}", text(&package["name"]), text(&package["version"]), text(&weakness["id"]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict_of(packages: &Value) -> Verdict {
        let stdout = json!({ "dependencies": packages, "fixes": [] }).to_string();
        verdict(&Answer { success: true, stdout, stderr: String::new() })
    }

    #[test]
    fn a_known_weakness_is_found() {
        let packages = json!([{ "name": "h2", "version": "1.0", "vulns": [{ "id": "PYSEC-1" }] }]);
        assert_eq!(verdict_of(&packages), Verdict::Found(vec!["h2 1.0: PYSEC-1".to_owned()]));
        assert_eq!(verdict_of(&json!([{ "name": "h2", "version": "1.0", "vulns": [] }])), Verdict::Clean);
    }

    #[test]
    fn a_skipped_package_or_no_report_proves_nothing() {
        let skipped = json!([{ "name": "h2", "skip_reason": "not found" }, { "name": "h3", "vulns": [] }]);
        assert_eq!(verdict_of(&skipped), Verdict::Unknown("not found".to_owned()));
        let broken =
            Answer { success: false, stdout: String::new(), stderr: "ConnectionError: x".to_owned() };
        assert_eq!(verdict(&broken), Verdict::Unknown("ConnectionError: x".to_owned()));
        assert_eq!(verdict_of(&json!([])), Verdict::Unknown("it said nothing".to_owned()));
    }
}
