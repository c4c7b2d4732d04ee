//! The rule by which a service receives new work. It is disabled before the service is removed, so
//! that what the service has begun comes to an end.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shop::aws::{Aws, Service};
use crate::shop::outputs::StackOutputs;

/// The output with the ARN of the rule.
const RULE: &str = "IntakeRuleArn";

/// Whether a stack has an intake that can be stopped.
pub fn has(outputs: &StackOutputs, stack: &str) -> bool {
    outputs.of(stack).any(|(output, _)| output == RULE)
}

/// Stops the intake of a stack, if it has one; returns whether it has.
pub fn stop(aws: &Aws, outputs: &StackOutputs, stack: &str) -> Result<bool> {
    let Some(rule) = rule(outputs, stack)? else { return Ok(false) };
    aws.call(Service::EventBridge, "DisableRule", &rule)?;
    Ok(true)
}

/// Starts the intake of a stack again; returns whether it was stopped.
pub fn resume(aws: &Aws, outputs: &StackOutputs, stack: &str) -> Result<bool> {
    let Some(rule) = rule(outputs, stack)? else { return Ok(false) };
    let is_stopped = aws.call(Service::EventBridge, "DescribeRule", &rule)?["State"] == "DISABLED";
    if is_stopped {
        aws.call(Service::EventBridge, "EnableRule", &rule)?;
    }
    Ok(is_stopped)
}

/// The rule as EventBridge's operations name it.
fn rule(outputs: &StackOutputs, stack: &str) -> Result<Option<Value>> {
    let Some((_, arn)) = outputs.of(stack).find(|(output, _)| *output == RULE) else { return Ok(None) };
    named(arn).map(Some).with_context(|| format!("{arn} is no rule of an event bus"))
}

fn named(arn: &str) -> Option<Value> {
    let (bus, name) = arn.split_once(":rule/")?.1.split_once('/')?;
    Some(json!({ "Name": name, "EventBusName": bus }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_named_by_its_bus_and_its_name() {
        let rule = named("arn:aws:events:eu-west-1:111122223333:rule/bus-1/fulfilment-Intake");
        assert_eq!(rule, Some(json!({ "Name": "fulfilment-Intake", "EventBusName": "bus-1" })));
        assert_eq!(named("arn:aws:events:eu-west-1:111122223333:rule/of-default-bus"), None);
    }
}
