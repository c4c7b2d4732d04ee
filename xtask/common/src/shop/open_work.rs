//! What a service has not finished: it is not removed before.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shop::aws::{Aws, Refusal, Service};
use crate::shop::outputs::{StackOutputs, resource_name};
use crate::shop::privacy_requests;
use crate::shop::stage::stack_name;

/// The counts of messages that a queue reports.
const COUNTS: [&str; 3] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];
/// The output with the workflow of a stack.
const WORKFLOW: &str = "FulfilmentWorkflowArn";

/// What a service has not finished, in words.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct OpenWork {
    /// What ends by itself: messages that are consumed, workflows, schedules, privacy requests.
    running: Vec<String>,
    /// What waits for an operator.
    failed: Vec<String>,
}

/// What services of a stage have not finished, by their names. Those that have are left out.
pub fn of(aws: &Aws, stage: &str, services: &[String]) -> Result<BTreeMap<String, OpenWork>> {
    let requests = privacy_requests::open(aws, stage)?;
    let mut all = BTreeMap::new();
    for service in services {
        // An interrupted removal may have deleted the stack.
        let Some(outputs) = aws.stack_outputs(&stack_name(stage, service))? else { continue };
        let mut open = OpenWork::of(aws, &outputs)?;
        let requests = requests.iter().filter(|request| request.needs(service)).count();
        open.running.extend(counted(requests, "privacy request", ""));
        if !open.is_nothing() {
            all.insert(service.clone(), open);
        }
    }
    Ok(all)
}

impl OpenWork {
    /// Queries the queues, the workflow and the schedules among the outputs of a stack.
    fn of(aws: &Aws, outputs: &BTreeMap<String, String>) -> Result<Self> {
        let mut open = Self::default();
        for (output, value) in outputs {
            if let Some(queue) = resource_name(output, "Queue") {
                let of_queue =
                    if queue.ends_with("-failures") { &mut open.failed } else { &mut open.running };
                of_queue.extend(counted(messages(aws, value)?, "message", &format!(" in {queue}")));
            } else if output.starts_with("ScheduleGroup") {
                open.running.extend(counted(aws.schedules(value)?, "schedule", ""));
            } else if output == WORKFLOW {
                open.running.extend(counted(executions(aws, value)?, "order", " in fulfilment"));
            }
        }
        Ok(open)
    }

    fn is_nothing(&self) -> bool {
        self.running.is_empty() && self.failed.is_empty()
    }

    /// Whether it never ends by itself.
    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }
}

impl fmt::Display for OpenWork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = self.failed.iter().chain(&self.running).map(String::as_str).collect();
        formatter.write_str(&all.join(" and "))
    }
}

/// `2 messages in x`; none of none.
fn counted(count: usize, thing: &str, place: &str) -> Option<String> {
    let plural = if count == 1 { "" } else { "s" };
    (count > 0).then(|| format!("{count} {thing}{plural}{place}"))
}

/// The tables of a stack: their names here, and in AWS.
pub fn tables(outputs: &StackOutputs, stack: &str) -> Vec<(String, String)> {
    let table = |(output, value): (&str, &str)| Some((resource_name(output, "Table")?, value.to_owned()));
    outputs.of(stack).filter_map(table).collect()
}

fn messages(aws: &Aws, url: &str) -> Result<usize> {
    let input = json!({ "QueueUrl": url, "AttributeNames": COUNTS });
    let Some(answer) = unless_deleted(aws.call(Service::Sqs, "GetQueueAttributes", &input))? else {
        return Ok(0);
    };
    let count = |name: &str| {
        let count = answer["Attributes"][name].as_str().with_context(|| format!("{url} has no {name}"))?;
        count.parse::<usize>().with_context(|| format!("{url} has {count} messages"))
    };
    COUNTS.iter().map(|name| count(name)).sum()
}

/// Running executions, up to the thousand of one answer.
fn executions(aws: &Aws, workflow: &str) -> Result<usize> {
    let input = json!({ "stateMachineArn": workflow, "statusFilter": "RUNNING", "maxResults": 1000 });
    let answer = unless_deleted(aws.call(Service::StepFunctions, "ListExecutions", &input))?;
    Ok(answer.as_ref().and_then(|answer| answer["executions"].as_array()).map_or(0, Vec::len))
}

fn unless_deleted(answer: Result<Value>) -> Result<Option<Value>> {
    match answer {
        Err(error) if error.downcast_ref().is_some_and(is_of_deleted) => Ok(None),
        answer => answer.map(Some),
    }
}

fn is_of_deleted(refusal: &Refusal) -> bool {
    // SQS has two names for it, by the protocol.
    ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "StateMachineDoesNotExist"]
        .contains(&&*refusal.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: &str) -> Result<Option<Value>> {
        let refusal = Refusal { status: 400, kind: kind.to_owned(), message: String::new() };
        unless_deleted(Err(anyhow::Error::from(refusal).context("GetQueueAttributes failed")))
    }

    #[test]
    fn what_is_deleted_has_no_work_and_other_refusals_are_errors() {
        assert_eq!(refused("QueueDoesNotExist").unwrap(), None);
        assert_eq!(refused("StateMachineDoesNotExist").unwrap(), None);
        assert!(refused("AccessDenied").is_err());
    }

    #[test]
    fn failed_work_is_named_first_and_counted() {
        let mut open = OpenWork::default();
        assert!(open.is_nothing());
        open.running.extend(counted(2, "order", " in fulfilment"));
        assert!(!open.is_nothing() && !open.has_failed());
        open.failed.extend(counted(1, "message", " in audit-failures"));
        assert_eq!(open.to_string(), "1 message in audit-failures and 2 orders in fulfilment");
        assert!(open.has_failed());
        assert_eq!(counted(0, "message", ""), None);
    }
}
