//! The rule by which a service receives new work. It is disabled before the service is removed, so
//! that what the service has begun comes to an end.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shop::aws::{Aws, Service};
use crate::shop::stage::stack_name;

/// Stops the intake of services; returns those that have one.
pub fn stop(aws: &Aws, stage: &str, services: &[String]) -> Result<Vec<String>> {
    with_intake(aws, stage, services, |rule| {
        aws.call(Service::EventBridge, "DisableRule", rule)?;
        Ok(true)
    })
}

/// Starts the intake of services again; returns those whose intake was stopped.
pub fn resume(aws: &Aws, stage: &str, services: &[String]) -> Result<Vec<String>> {
    with_intake(aws, stage, services, |rule| {
        let is_stopped = aws.call(Service::EventBridge, "DescribeRule", rule)?["State"] == "DISABLED";
        if is_stopped {
            aws.call(Service::EventBridge, "EnableRule", rule)?;
        }
        Ok(is_stopped)
    })
}

/// The services with an intake for which `change` returns true.
fn with_intake(
    aws: &Aws,
    stage: &str,
    services: &[String],
    change: impl Fn(&Value) -> Result<bool>,
) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for service in services {
        let outputs = aws.stack_outputs(&stack_name(stage, service))?.unwrap_or_default();
        let Some((_, arn)) = outputs.iter().find(|(output, _)| is_intake(output)) else { continue };
        let rule = named(arn).with_context(|| format!("{arn} is no rule of an event bus"))?;
        if change(&rule)? {
            changed.push(service.clone());
        }
    }
    Ok(changed)
}

/// Whether this is the output of a subscription called `Intake`.
fn is_intake(output: &str) -> bool {
    output.starts_with("Rule") && output.ends_with("Intake")
}

/// The rule as EventBridge's operations name it.
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

    #[test]
    fn an_intake_is_found_by_its_output() {
        assert!(is_intake("RuleFulfilmentIntake"));
        assert!(!is_intake("RuleFulfilmentEvents") && !is_intake("QueueIntake"));
    }
}
