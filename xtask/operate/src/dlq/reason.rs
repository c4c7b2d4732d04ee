//! Why the processing of a message failed.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};
use xtask_common::shop::aws::{Aws, Service};

use crate::dlq::failure::Failure;
use crate::dlq::message::Message;
use crate::target::Shop;

/// Finds the failure reasons for the messages of one queue.
pub struct Reasons<'a> {
    aws: &'a Aws,
    /// The function that reads the queue, which is named after it.
    function: &'a str,
    functions: &'a BTreeMap<String, String>,
}

impl<'a> Reasons<'a> {
    pub fn of(shop: &'a Shop, queue: &'a str) -> Self {
        Self { aws: &shop.aws, function: queue, functions: &shop.outputs.functions }
    }

    /// The reason in the message, else the one in the function's log. It can be unknown: logs are
    /// kept for a shorter time than messages, and not every caller may read them.
    pub fn find(&self, message: Message) -> String {
        if let Some(reason) = Failure::of(message).reason {
            return reason;
        }
        match self.logged(message) {
            Ok(Some(reason)) => reason,
            Ok(None) => format!("unknown: the log of {} does not tell", self.function),
            Err(error) => format!("unknown: cannot read the log of {}: {error:#}", self.function),
        }
    }

    fn logged(&self, message: Message) -> Result<Option<String>> {
        let Some(physical_name) = self.functions.get(self.function) else { return Ok(None) };
        let mut input = json!({
            "logGroupName": self.aws.log_group(physical_name)?,
            "filterPattern": format!("\"{}\"", message.id()),
            "startTime": message.sent_at().unwrap_or_default(),
        });
        // Lines are in order: the last one is about the last attempt.
        let mut reason = None;
        loop {
            let answer = self.aws.call(Service::Logs, "FilterLogEvents", &input)?;
            let lines = answer["events"].as_array().into_iter().flatten();
            let texts = lines.filter_map(|line| line["message"].as_str());
            reason = texts.filter_map(|text| in_line(text, message.id())).next_back().or(reason);
            match answer["nextToken"].as_str() {
                Some(token) => input["nextToken"] = token.into(),
                None => return Ok(reason),
            }
        }
    }
}

/// The reason in a log line of an invocation, if it failed on this message.
fn in_line(line: &str, id: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let failures = line["failures"].as_array()?;
    let failure = failures.iter().find(|failure| failure["id"] == id)?;
    failure["reason"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_reason_of_its_message_only() {
        let line =
            r#"{"failures": [{"id": "a", "reason": "one"}, {"id": "b", "reason": "two"}], "level": "ERROR"}"#;
        assert_eq!(in_line(line, "b").as_deref(), Some("two"));
        for other in [line, r#"{"id": "c"}"#, "START RequestId: c"] {
            assert_eq!(in_line(other, "c"), None, "{other}");
        }
    }
}
