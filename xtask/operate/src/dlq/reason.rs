//! Why the processing of a message failed.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};
use xtask_common::shop::aws::{Aws, Service};

use crate::dlq::message::Message;
use crate::target::Shop;

/// Finds the failure reasons for the messages of one queue.
pub struct Reasons<'a> {
    aws: &'a Aws,
    /// The function that reads the queue.
    function: &'a str,
    functions: &'a BTreeMap<String, String>,
}

impl<'a> Reasons<'a> {
    pub fn of(shop: &'a Shop, queue: &'a str) -> Self {
        Self { aws: &shop.aws, function: consumer(queue), functions: &shop.outputs.functions }
    }

    /// The reason in the message, else the one in the function's log. It can be unknown: logs are
    /// kept for a shorter time than messages, and not every caller may read them.
    pub fn find(&self, message: Message) -> String {
        if let Some(reason) = carried(message) {
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

/// A queue is named after its consumer; a second queue has a suffix for its purpose.
fn consumer(queue: &str) -> &str {
    let first = |suffix: &&str| queue.strip_suffix(*suffix);
    ["-retry", "-erasure"].iter().find_map(first).unwrap_or(queue)
}

/// The reason given by the function that quarantined the message, by EventBridge that could not
/// deliver it, by Lambda that gave up on a batch of a stream, or by the failed workflow.
fn carried(message: Message) -> Option<String> {
    let given_up = || {
        let body: Value = serde_json::from_str(message.body()).ok()?;
        if let Some(condition) = body["requestContext"]["condition"].as_str() {
            return Some(format!("records of a stream were given up by Lambda: {condition}"));
        }
        let [order, state, error] = ["orderId", "state", "error"].map(|field| body[field].as_str());
        Some(format!("the workflow of order {} could not do {}: {}", order?, state?, error?))
    };
    let refused = || {
        let code = message.attribute("ERROR_CODE")?;
        let text = message.attribute("ERROR_MESSAGE").unwrap_or_default();
        Some(format!("not delivered by EventBridge: {code} {text}").trim_end().to_owned())
    };
    message.attribute("reason").map(str::to_owned).or_else(refused).or_else(given_up)
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
    fn queues_are_read_by_the_function_of_their_name() {
        assert_eq!(consumer("ordering-on-checkout"), "ordering-on-checkout");
        assert_eq!(consumer("product-publisher-retry"), "product-publisher");
        assert_eq!(consumer("ordering-on-privacy-erasure"), "ordering-on-privacy");
    }

    #[test]
    fn a_line_tells_the_reason_of_its_message_only() {
        let line =
            r#"{"failures": [{"id": "a", "reason": "one"}, {"id": "b", "reason": "two"}], "level": "ERROR"}"#;
        assert_eq!(in_line(line, "b").as_deref(), Some("two"));
        for other in [line, r#"{"id": "c"}"#, "START RequestId: c"] {
            assert_eq!(in_line(other, "c"), None, "{other}");
        }
    }

    #[test]
    fn reasons_carried_by_the_message_come_first() {
        let text = |value| json!({ "DataType": "String", "StringValue": value });
        let quarantined = json!({ "MessageAttributes": { "reason": text("unreadable") } });
        assert_eq!(carried(Message(&quarantined)).as_deref(), Some("unreadable"));
        let refused = json!({ "MessageAttributes": {
            "ERROR_CODE": text("NO_PERMISSIONS"), "ERROR_MESSAGE": text("not allowed") } });
        let expected = "not delivered by EventBridge: NO_PERMISSIONS not allowed";
        assert_eq!(carried(Message(&refused)).as_deref(), Some(expected));
        let given_up =
            json!({ "requestContext": { "condition": "RetryAttemptsExhausted" }, "DDBStreamBatchInfo": {} });
        let given_up = json!({ "Body": given_up.to_string() });
        assert!(carried(Message(&given_up)).unwrap().ends_with("RetryAttemptsExhausted"));
        let failed = json!({ "orderId": "o-1", "state": "Refund", "error": "States.Timeout" }).to_string();
        let expected = "the workflow of order o-1 could not do Refund: States.Timeout";
        assert_eq!(carried(Message(&json!({ "Body": failed }))).as_deref(), Some(expected));
        assert_eq!(carried(Message(&json!({}))), None);
    }
}
