//! The events of one invocation, in bounded memory.

use std::collections::VecDeque;

use serde_json::value::{RawValue, to_raw_value};

use super::line::Line;

/// Maximum size of the events of one invocation in bytes, and as much again for its debug events.
/// CloudWatch accepts a line of 1 MB.
const MAX_BYTES: usize = 32 * 1024;

/// Levels from the least to the most severe, as log lines name them.
const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

#[derive(Debug, Default)]
pub(super) struct Events {
    written: Buffer,
    /// Only written if the invocation fails.
    debug: Buffer,
    /// The most severe level of an event that is written.
    level: &'static str,
    added: usize,
}

#[derive(Debug, Default)]
struct Buffer {
    /// Events, each with its number within the invocation.
    events: VecDeque<(usize, Box<RawValue>)>,
    bytes: usize,
    dropped: usize,
}

impl Events {
    pub(super) fn add(&mut self, level: &'static str, event: &Line) {
        let Ok(event) = to_raw_value(event) else { return };
        self.added += 1;
        let buffer = if is_debug(level) {
            &mut self.debug
        } else {
            self.level = most_severe(self.level, level);
            &mut self.written
        };
        buffer.push((self.added, event));
    }

    /// The level of a line with these events, of an invocation whose outcome has this level.
    pub(super) fn level_of(&self, outcome: &'static str) -> &'static str {
        most_severe(self.level, outcome)
    }

    /// Adds the events in their order, those of debugging only if the invocation failed.
    pub(super) fn add_to(&self, line: &mut Line, failed: bool) {
        let debug = failed.then_some(&self.debug);
        let buffers = || [&self.written].into_iter().chain(debug);
        let mut events: Vec<_> = buffers().flat_map(|buffer| &buffer.events).collect();
        events.sort_unstable_by_key(|(number, _)| *number);
        if !events.is_empty() {
            line.add("events", &events.iter().map(|(_, event)| event).collect::<Vec<_>>());
        }
        let dropped: usize = buffers().map(|buffer| buffer.dropped).sum();
        if dropped > 0 {
            line.add("droppedEvents", &dropped);
        }
    }
}

impl Buffer {
    /// Adds an event, and drops the oldest ones that no longer fit.
    fn push(&mut self, event: (usize, Box<RawValue>)) {
        self.bytes += event.1.get().len();
        self.events.push_back(event);
        while self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.events.pop_front() else { return };
            self.bytes -= oldest.get().len();
            self.dropped += 1;
        }
    }
}

/// Whether events of this level are only written if the invocation fails.
pub(super) fn is_debug(level: &str) -> bool {
    severity(level) < severity("INFO")
}

fn severity(level: &str) -> Option<usize> {
    LEVELS.iter().position(|name| *name == level)
}

fn most_severe(one: &'static str, other: &'static str) -> &'static str {
    if severity(one) > severity(other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn events(levels: &[&'static str], bytes: usize) -> Events {
        let mut events = Events::default();
        for (number, level) in levels.iter().enumerate() {
            let mut event = Line::default();
            event.add("number", &number);
            event.add("text", &"x".repeat(bytes));
            events.add(level, &event);
        }
        events
    }

    fn numbers(events: &Events, failed: bool) -> (Vec<u64>, Value) {
        let mut line = Line::default();
        events.add_to(&mut line, failed);
        let line: Value = serde_json::from_str(&line.to_json()).unwrap();
        let written = line["events"].as_array().into_iter().flatten();
        (written.map(|event| event["number"].as_u64().unwrap()).collect(), line["droppedEvents"].clone())
    }

    #[test]
    fn debug_events_are_written_in_order_when_the_invocation_fails() {
        let events = events(&["DEBUG", "INFO", "TRACE", "WARN"], 1);
        assert_eq!(numbers(&events, false), (vec![1, 3], json!(null)));
        assert_eq!(numbers(&events, true), (vec![0, 1, 2, 3], json!(null)));
    }

    #[test]
    fn the_oldest_events_are_dropped_and_counted() {
        let events = events(&["DEBUG"; 100], 1024);
        let (written, dropped) = numbers(&events, true);
        assert_eq!(written, (100 - written.len() as u64..100).collect::<Vec<_>>());
        assert_eq!((written.len(), dropped), (31, json!(69)));
        assert_eq!(numbers(&events, false), (vec![], json!(null)));
    }

    #[test]
    fn debug_events_displace_no_others() {
        let levels: Vec<_> = [&["ERROR"][..], &["DEBUG"; 100]].concat();
        assert_eq!(numbers(&events(&levels, 1024), true).0[0], 0);
    }

    #[test]
    fn an_event_that_is_larger_than_the_buffer_is_dropped() {
        assert_eq!(numbers(&events(&["INFO"], MAX_BYTES), false), (vec![], json!(1)));
    }

    #[test]
    fn a_line_has_the_most_severe_level() {
        assert_eq!(events(&["DEBUG"], 1).level_of("INFO"), "INFO");
        assert_eq!(events(&["INFO", "WARN", "INFO"], 1).level_of("INFO"), "WARN");
        assert_eq!(events(&["INFO"], 1).level_of("ERROR"), "ERROR");
    }
}
