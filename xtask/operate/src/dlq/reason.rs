//! Why the processing of a message failed.

use anyhow::Result;
use serde_json::{Value, json};
use xtask_common::shop::aws::{Aws, Service};
use xtask_common::shop::outputs::Outputs;

use crate::dlq::failure::{Failure, Retry};
use crate::dlq::message::Message;
use crate::target::Shop;

/// Finds the failure reasons for messages.
pub struct Reasons<'a> {
    aws: &'a Aws,
    outputs: &'a Outputs,
}

impl<'a> Reasons<'a> {
    pub fn of(shop: &'a Shop) -> Self {
        Self { aws: &shop.aws, outputs: &shop.outputs }
    }

    /// The reason in the message, else the one in the function's log. It can be unknown: logs are
    /// kept for a shorter time than messages, and not every caller may read them.
    pub fn find(&self, message: Message) -> String {
        let Failure { reason, retry } = Failure::of(message);
        if let Some(reason) = reason {
            return reason;
        }
        let Retry::Return { queue } = retry else { return "unknown: the message has no reason".to_owned() };
        let Some(function) = self.consumer(&queue) else {
            return format!("unknown: nothing consumes the queue {queue}");
        };
        match self.logged(message, function) {
            Ok(Some(reason)) => reason,
            Ok(None) => format!("unknown: the log of {function} has no reason"),
            Err(error) => format!("unknown: cannot read the log of {function}: {error:#}"),
        }
    }

    /// The function that reads a queue, which has the queue's name in the outputs.
    fn consumer(&self, queue: &str) -> Option<&str> {
        let named = |(_, url): &(&String, &String)| url.rsplit('/').next() == Some(queue);
        self.outputs.queues.iter().find(named).map(|(name, _)| name.as_str())
    }

    fn logged(&self, message: Message, function: &str) -> Result<Option<String>> {
        let Some(physical_name) = self.outputs.functions.get(function) else { return Ok(None) };
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
