//! The report of a run, as text and as JSON.

use serde::Serialize;

use crate::measure::{Measured, Plan};

/// A path, its floor, and the cost of both.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub path: String,
    pub transport: &'static str,
    pub function: String,
    pub measured: Measured,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Measured>,
}

/// The results of one run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub machine: String,
    pub plan: Plan,
    pub rows: Vec<Row>,
}

const HEADINGS: [&str; 10] =
    ["path", "", "init CPU", "init wall", "first", "warm CPU", "p50", "p99", "memory", "zip"];

impl Run {
    /// The numbers, each next to its ratio to the floor.
    pub fn table(&self) -> String {
        let mut lines =
            vec![markdown(&HEADINGS.map(str::to_owned)), markdown(&HEADINGS.map(|_| "---".to_owned()))];
        for row in &self.rows {
            let (ours, floor) = (&row.measured, row.floor.as_ref());
            let cell = |text: String, of: fn(&Measured) -> f64| match floor {
                Some(floor) => format!("{text} ({:.2}x)", of(ours) / of(floor)),
                None => text,
            };
            let millis = |of: fn(&Measured) -> f64| cell(format!("{:.2} ms", of(ours) / 1e3), of);
            lines.push(markdown(&[
                row.path.clone(),
                row.transport.to_owned(),
                millis(|measured| measured.init_cpu),
                millis(|measured| measured.init_wall),
                millis(|measured| measured.first_wall),
                cell(format!("{:.0} us", ours.warm_cpu), |measured| measured.warm_cpu),
                cell(format!("{:.0} us", ours.warm_wall_p50), |measured| measured.warm_wall_p50),
                cell(format!("{:.0} us", ours.warm_wall_p99), |measured| measured.warm_wall_p99),
                cell(format!("{:.1} MB", megabytes(ours.peak_memory)), |measured| {
                    megabytes(measured.peak_memory)
                }),
                cell(format!("{:.2} MB", megabytes(ours.zip_size)), |measured| megabytes(measured.zip_size)),
            ]));
        }
        lines.join("\n")
    }

    /// AWS calls per invocation, connections and log bytes.
    pub fn calls(&self) -> String {
        let lines = self.rows.iter().map(|row| {
            let calls = row.measured.calls.iter().map(|(call, times)| format!("{times} {call}"));
            let calls = calls.collect::<Vec<_>>().join(", ");
            let Measured { connections, bytes_logged, .. } = row.measured;
            format!(
                "{} over {}: {calls}; {connections} connections, {bytes_logged:.0} bytes logged",
                row.path, row.transport
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

pub fn markdown(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
