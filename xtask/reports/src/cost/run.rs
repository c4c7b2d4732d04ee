//! Measurements of `cargo xtask bench`, read from its report.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Functions on AWS use TLS, so these rows are read.
const TRANSPORT: &str = "TLS";

/// The raw numbers of a run.
pub struct Run {
    file: PathBuf,
    report: Report,
}

#[derive(Deserialize)]
struct Report {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    path: String,
    transport: String,
    measured: Measured,
}

/// Usage of one invocation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Microseconds of a whole CPU.
    pub warm_cpu: f64,
    pub bytes_logged: f64,
    /// Headers and body; none when the API did not invoke the function.
    pub bytes_answered: Option<f64>,
    /// By operation and table.
    pub calls: BTreeMap<String, f64>,
}

impl Run {
    /// The newest run in a directory; the files are named by date.
    pub fn newest(directory: &Path) -> Result<Self> {
        let files =
            fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
        let is_run = |file: &PathBuf| {
            let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            name.starts_with(|first: char| first.is_ascii_digit()) && name.ends_with(".json")
        };
        let newest = files.flatten().map(|entry| entry.path()).filter(is_run).max();
        Self::read(&newest.with_context(|| format!("no run of the benchmark in {}", directory.display()))?)
    }

    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let report = serde_json::from_str(&text);
        let report = report.with_context(|| format!("{} is no report of the benchmark", file.display()))?;
        Ok(Self { file: file.to_owned(), report })
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The measurements of a path.
    pub fn of(&self, path: &str) -> Result<&Measured> {
        let row = self.report.rows.iter().find(|row| row.path == path && row.transport == TRANSPORT);
        row.map(|row| &row.measured).with_context(|| {
            format!("{} has no `{path}` over {TRANSPORT}: run `cargo xtask bench` anew", self.file.display())
        })
    }
}

#[cfg(test)]
impl Run {
    /// A run in which each of these paths has the same measurements.
    pub fn of_each(paths: impl Iterator<Item = &'static str>, measured: &Measured) -> Self {
        let row = |path: &str| Row {
            path: path.to_owned(),
            transport: TRANSPORT.to_owned(),
            measured: Measured {
                bytes_answered: measured.bytes_answered.filter(|_| path.contains('/')),
                ..measured.clone()
            },
        };
        Self { file: "run.json".into(), report: Report { rows: paths.map(row).collect() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"{"machine": "m", "rows": [
        {"path": "GET /x", "transport": "HTTP", "measured": {"warmCpu": 1, "bytesLogged": 1, "calls": {}}},
        {"path": "GET /x", "transport": "TLS", "measured":
            {"warmCpu": 2, "bytesLogged": 3, "bytesAnswered": 4, "calls": {"Scan T": 1}}}]}"#;

    #[test]
    fn the_newest_run_is_the_one_with_the_last_date_and_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in
            [("2026-01-02.json", "{}"), ("2026-02-01.json", ROWS), ("growth-2026-03-01.json", "{}")]
        {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let run = Run::newest(dir.path()).unwrap();
        assert!(run.file().ends_with("2026-02-01.json"));
        let measured = run.of("GET /x").unwrap();
        assert_eq!((measured.warm_cpu, measured.bytes_answered), (2.0, Some(4.0)));
    }

    #[test]
    fn a_path_that_a_run_has_not_measured_is_named_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("2026-01-02.json");
        fs::write(&file, ROWS).unwrap();
        let error = Run::read(&file).unwrap().of("GET /y").unwrap_err().to_string();
        assert!(error.contains("2026-01-02.json") && error.contains("GET /y"), "{error}");
    }

    #[test]
    fn a_directory_without_a_run_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Run::newest(dir.path()).err().unwrap().to_string();
        assert!(error.contains("no run of the benchmark"), "{error}");
    }
}
