//! `cargo xtask logs`: the log lines of the local functions, in order.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};
use xtask_common::interrupt;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::{Aws, Service};
use xtask_common::shop::outputs::Outputs;
use xtask_common::stack::LocalStack;

const FOLLOW_PAUSE: Duration = Duration::from_millis(500);
/// Lines may arrive a little later than their timestamp.
const OVERLAP_MS: u64 = 5_000;

#[derive(Parser)]
pub struct Args {
    /// Name of one function, e.g. basket-api; all functions without it
    function: Option<String>,
    /// Keep printing until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// How far to look back, e.g. 30s, 10m, 2h, 1d
    #[arg(long, default_value = "10m", value_parser = parse_duration)]
    since: Duration,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let stack = LocalStack::of_developer(paths);
    let Some(running) = stack.running() else {
        bail!("the shop is not running; `cargo xtask up` starts it");
    };
    let outputs = Outputs::read(&stack.outputs())?;
    let aws = Aws::local(&running.endpoint());
    let sources = Source::find(&aws, &outputs, args.function.as_deref())?;

    let mut printer = Printer { with_names: sources.len() > 1, seen: HashSet::new() };
    let mut from = now_ms()?.saturating_sub(u64::try_from(args.since.as_millis())?);
    loop {
        let checked = now_ms()?;
        let mut lines = Vec::new();
        for source in &sources {
            lines.extend(source.lines(&aws, from)?);
        }
        printer.print(lines);
        if !args.follow {
            return Ok(());
        }
        from = from.max(checked.saturating_sub(OVERLAP_MS));
        if interrupt::sleep(FOLLOW_PAUSE).is_err() {
            return Ok(());
        }
    }
}

/// A function and its log location: the log group of its service, and the streams that bear its
/// name.
struct Source {
    function: String,
    physical: String,
    log_group: String,
}

impl Source {
    fn find(aws: &Aws, outputs: &Outputs, only: Option<&str>) -> Result<Vec<Self>> {
        let known = || outputs.functions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        if let Some(name) = only.filter(|name| !outputs.functions.contains_key(*name)) {
            bail!("there is no function {name}; there are: {}", known());
        }
        outputs
            .functions
            .iter()
            .filter(|(name, _)| only.is_none_or(|only| only == *name))
            .map(|(name, physical)| {
                let log_group = aws.log_group(physical)?;
                Ok(Self { function: name.clone(), physical: physical.clone(), log_group })
            })
            .collect()
    }

    fn lines(&self, aws: &Aws, from: u64) -> Result<Vec<Line>> {
        let mut input = json!({ "logGroupName": self.log_group, "startTime": from });
        let mut lines = Vec::new();
        loop {
            let answer = aws.call(Service::Logs, "FilterLogEvents", &input)?;
            let events = answer["events"].as_array().into_iter().flatten();
            let own = events.filter(|event| self.is_own(event));
            lines.extend(own.map(|event| Line::of(&self.function, event)));
            match answer["nextToken"].as_str() {
                Some(token) => input["nextToken"] = token.into(),
                None => return Ok(lines),
            }
        }
    }
}

impl Source {
    /// Whether this function wrote the line, and not another one of its service.
    fn is_own(&self, event: &Value) -> bool {
        let stream = event["logStreamName"].as_str().unwrap_or_default();
        let text = event["message"].as_str().unwrap_or_default();
        let line: Option<Value> = serde_json::from_str(text).ok();
        let writer = line.as_ref().and_then(|line| line["function"].as_str());
        writer.map_or_else(|| stream.contains(&self.physical), |writer| writer == self.physical)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    timestamp: u64,
    function: String,
    /// Distinguishes lines with the same text.
    id: String,
    text: String,
}

impl Line {
    fn of(function: &str, event: &Value) -> Self {
        let text = event["message"].as_str().unwrap_or_default().trim_end();
        let id = event["eventId"].as_str().map_or_else(|| event.to_string(), str::to_owned);
        Self {
            timestamp: event["timestamp"].as_u64().unwrap_or_default(),
            function: function.to_owned(),
            id,
            text: text.to_owned(),
        }
    }
}

struct Printer {
    with_names: bool,
    seen: HashSet<String>,
}

impl Printer {
    fn print(&mut self, lines: Vec<Line>) {
        for line in self.fresh(lines) {
            if self.with_names {
                println!("{:<18} {}", line.function, line.text);
            } else {
                println!("{}", line.text);
            }
        }
    }

    /// Lines not printed before, oldest first.
    fn fresh(&mut self, lines: Vec<Line>) -> Vec<Line> {
        let current = lines.iter().map(|line| line.id.clone()).collect();
        let mut fresh: Vec<Line> = lines.into_iter().filter(|line| !self.seen.contains(&line.id)).collect();
        fresh.sort_by_key(|line| line.timestamp);
        self.seen = current;
        fresh
    }
}

pub fn parse_duration(text: &str) -> Result<Duration> {
    let help = || format!("`{text}` is no time span such as 30s, 10m, 2h or 1d");
    let unit = text.chars().next_back().with_context(help)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => bail!(help()),
    };
    let number: u32 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).with_context(help)?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

fn now_ms() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(u64::try_from(now.as_millis())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(timestamp: u64, id: &str) -> Line {
        Line { timestamp, function: "f".to_owned(), id: id.to_owned(), text: id.to_owned() }
    }

    #[test]
    fn a_line_in_the_log_group_of_a_service_is_its_writers() {
        let source = Source {
            function: "basket-api".to_owned(),
            physical: "shop-BasketApi1".to_owned(),
            log_group: "Basket".to_owned(),
        };
        let event = |stream: &str, message: &str| json!({ "logStreamName": stream, "message": message });
        let stream = "2026/01/31/shop-BasketApi1[$LATEST]0a";
        assert!(source.is_own(&event(stream, "START RequestId: 1")));
        assert!(!source.is_own(&event("2026/01/31/shop-BasketPrices2[$LATEST]0b", "START RequestId: 1")));
        // Whatever the stream's name, a line of ours names its function.
        assert!(source.is_own(&event("2026/01/31/[$LATEST]0c", r#"{"function": "shop-BasketApi1"}"#)));
        assert!(!source.is_own(&event(stream, r#"{"function": "shop-BasketPrices2"}"#)));
    }

    #[test]
    fn a_line_is_printed_once_and_in_order() {
        let mut printer = Printer { with_names: false, seen: HashSet::new() };
        assert_eq!(printer.fresh(vec![line(2, "b"), line(1, "a")]), [line(1, "a"), line(2, "b")]);
        assert_eq!(printer.fresh(vec![line(2, "b"), line(3, "c")]), [line(3, "c")]);
    }

    #[test]
    fn spans_of_time_are_read() {
        assert_eq!(parse_duration("10m").unwrap(), Duration::from_mins(10));
        assert_eq!(parse_duration("1d").unwrap(), Duration::from_hours(24));
        for wrong in ["", "m", "10", "-1s", "1w", "1é"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
