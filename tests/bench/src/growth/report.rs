//! The report of request costs, as text and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::relay::Usage;
use super::world::World;
use crate::report::markdown;

/// The AWS usage of a request, and the size of its response.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Calls by operation and table.
    pub calls: BTreeMap<String, f64>,
    /// Capacity units by table, or by index as `TABLE/index`.
    pub read_units: BTreeMap<String, f64>,
    pub write_units: BTreeMap<String, f64>,
    /// Headers and body of the response, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_answered: Option<u64>,
}

/// The cost of a request at one size of the data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(skip)]
    pub world: World,
    /// What grows.
    pub of: &'static str,
    pub size: u64,
    pub request: &'static str,
    #[serde(flatten)]
    pub cost: Cost,
    /// CPU time, in microseconds.
    pub cpu: f64,
}

/// The results of one run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Growth {
    pub machine: String,
    pub warm: usize,
    /// The rows of each request are adjacent, in order of size.
    pub rows: Vec<Row>,
}

impl Cost {
    /// The mean of the usages, divided by the messages of an event.
    pub fn of(usages: &[Usage], bytes_answered: Option<u64>, shared_by: usize) -> Self {
        let times = (usages.len() * shared_by) as f64;
        let calls = usages.iter().flat_map(|usage| &usage.calls).map(|(call, count)| (call, *count as f64));
        let reads = usages.iter().flat_map(|usage| &usage.reads).map(|(table, units)| (table, *units));
        let writes = usages.iter().flat_map(|usage| &usage.writes).map(|(table, units)| (table, *units));
        Self {
            calls: mean(calls, times),
            read_units: mean(reads, times),
            write_units: mean(writes, times),
            bytes_answered,
        }
    }
}

fn mean<'a>(values: impl Iterator<Item = (&'a String, f64)>, times: f64) -> BTreeMap<String, f64> {
    let mut means = BTreeMap::new();
    for (name, value) in values {
        *means.entry(name.clone()).or_default() += value / times;
    }
    means
}

const HEADINGS: [&str; 8] = [
    "more and more",
    "how many",
    "request",
    "AWS calls",
    "read units",
    "write units",
    "answer, bytes",
    "CPU, us",
];

impl Growth {
    /// A line for each request, with its cost at each size, or once if all sizes cost the same.
    pub fn table(&self) -> String {
        let mut lines =
            vec![markdown(&HEADINGS.map(str::to_owned)), markdown(&HEADINGS.map(|_| "---".to_owned()))];
        for rows in self.rows.chunk_by(Row::is_sibling) {
            let costs = |of: &dyn Fn(&Row) -> String| {
                let cells: Vec<String> = rows.iter().map(of).collect();
                if cells.iter().all(|cell| *cell == cells[0]) { cells[0].clone() } else { cells.join(" / ") }
            };
            let sum =
                |of: fn(&Cost) -> &BTreeMap<String, f64>| costs(&|row| shown(of(&row.cost).values().sum()));
            let sizes: Vec<String> = rows.iter().map(|row| row.size.to_string()).collect();
            lines.push(markdown(&[
                rows[0].of.to_owned(),
                sizes.join(" / "),
                rows[0].request.to_owned(),
                sum(|cost| &cost.calls),
                sum(|cost| &cost.read_units),
                sum(|cost| &cost.write_units),
                costs(&|row| {
                    row.cost.bytes_answered.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string())
                }),
                costs(&|row| format!("{:.0}", row.cpu)),
            ]));
        }
        lines.join("\n")
    }

    /// Requests that need more calls, units or bytes as the data grows, although they should not.
    pub fn steep(&self) -> Vec<String> {
        let requests = self.rows.chunk_by(Row::is_sibling);
        let steep = requests
            .filter(|rows| rows[0].world.is_flat() && rows.iter().any(|row| row.cost != rows[0].cost));
        steep.map(|rows| format!("{} by {}", rows[0].request, rows[0].of)).collect()
    }
}

impl Row {
    /// Whether both rows are of the same request, at any size.
    fn is_sibling(&self, other: &Self) -> bool {
        self.world == other.world && self.request == other.request
    }
}

/// One decimal, if it is not zero.
fn shown(number: f64) -> String {
    // The sum of an empty list is -0.
    let text = format!("{:.1}", number + 0.0);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(world: World, size: u64, calls: f64, cpu: f64) -> Row {
        let calls = BTreeMap::from([("Scan T".to_owned(), calls)]);
        let units = BTreeMap::new();
        let cost = Cost { calls, read_units: units.clone(), write_units: units, bytes_answered: Some(9) };
        Row { world, of: world.name(), size, request: "GET /x", cost, cpu }
    }

    fn growth(rows: Vec<Row>) -> Growth {
        Growth { machine: String::new(), warm: 1, rows }
    }

    #[test]
    fn more_calls_at_another_size_of_a_table_are_steep_and_more_time_or_lines_are_not() {
        let products = |more: f64| {
            growth(vec![row(World::Products, 100, 1.0, 1.0), row(World::Products, 1000, more, 9.0)])
        };
        assert!(products(1.0).steep().is_empty());
        assert_eq!(products(2.0).steep(), ["GET /x by products"]);
        let lines = growth(vec![row(World::Lines, 1, 1.0, 1.0), row(World::Lines, 10, 2.0, 1.0)]);
        assert!(lines.steep().is_empty());
    }

    #[test]
    fn rows_that_are_the_same_at_every_size_are_shown_once() {
        let rows =
            [(100, 5.0), (1000, 5.0), (10_000, 9.0)].map(|(size, cpu)| row(World::Products, size, 1.0, cpu));
        let table = growth(rows.into()).table();
        let line = "| products | 100 / 1000 / 10000 | GET /x | 1 | 0 | 0 | 9 | 5 / 5 / 9 |";
        assert!(table.ends_with(line), "{table}");
    }
}
