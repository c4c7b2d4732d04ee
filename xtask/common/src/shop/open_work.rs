//! What a service has not finished: it is not removed before.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::shop::aws::{Aws, Refusal, Service};
use crate::shop::outputs::{StackOutputs, resource_name};

/// The counts of messages that a queue reports.
const COUNTS: [&str; 3] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];
/// The output with the workflow of a stack.
const WORKFLOW: &str = "FulfilmentWorkflowArn";

/// Messages in the queues of a stack, and its running workflows, each in words. Those that a
/// failed removal has deleted have none.
pub fn of(aws: &Aws, outputs: &StackOutputs, stack: &str) -> Result<Vec<String>> {
    if outputs.of(stack).next().is_none() {
        bail!("the outputs of {stack} are not here, so nobody knows what it has; deploy it from here first");
    }
    let mut open = Vec::new();
    for (output, value) in outputs.of(stack) {
        if let Some(queue) = resource_name(output, "Queue") {
            let messages = messages(aws, value)?;
            if messages > 0 {
                open.push(format!("{messages} messages in {queue}"));
            }
        } else if output == WORKFLOW {
            let running = running(aws, value)?;
            if running > 0 {
                open.push(format!("{running} orders in fulfilment"));
            }
        }
    }
    Ok(open)
}

/// The tables of a stack: their names here, and in AWS.
pub fn tables(outputs: &StackOutputs, stack: &str) -> Vec<(String, String)> {
    let table = |(output, value): (&str, &str)| Some((resource_name(output, "Table")?, value.to_owned()));
    outputs.of(stack).filter_map(table).collect()
}

fn messages(aws: &Aws, url: &str) -> Result<u64> {
    let input = json!({ "QueueUrl": url, "AttributeNames": COUNTS });
    let Some(answer) = unless_deleted(aws.call(Service::Sqs, "GetQueueAttributes", &input))? else {
        return Ok(0);
    };
    let count = |name: &str| {
        let count = answer["Attributes"][name].as_str().with_context(|| format!("{url} has no {name}"))?;
        count.parse::<u64>().with_context(|| format!("{url} has {count} messages"))
    };
    COUNTS.iter().map(|name| count(name)).sum()
}

/// Running executions, up to the thousand of one answer.
fn running(aws: &Aws, workflow: &str) -> Result<usize> {
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
}
