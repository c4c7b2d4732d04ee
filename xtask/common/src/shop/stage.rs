//! The stages of the shop, and what they have deployed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::json;

use crate::paths::Paths;
use crate::shop::aws::{Aws, Service};

/// The stacks of a stage that are no services.
const NO_SERVICES: [&str; 2] = ["foundation", "edge"];
/// The parameter that each stack has under its service.
const STACK_NAME: &str = "stack-name";

/// The services of a stage that have a stack.
pub fn deployed(aws: &Aws, stage: &str) -> Result<BTreeSet<String>> {
    let path = format!("/ferrocart/{stage}/");
    let mut services = BTreeSet::new();
    let mut next = json!(null);
    loop {
        let input = json!({ "Path": path, "Recursive": true, "NextToken": next });
        let page = aws.call(Service::Ssm, "GetParametersByPath", &without_nulls(input))?;
        let names = page["Parameters"].as_array().into_iter().flatten();
        services.extend(names.filter_map(|parameter| service(parameter["Name"].as_str()?, &path)));
        next = page["NextToken"].clone();
        if next.is_null() {
            return Ok(services);
        }
    }
}

fn service(parameter: &str, path: &str) -> Option<String> {
    let (service, name) = parameter.strip_prefix(path)?.split_once('/')?;
    (name == STACK_NAME && !NO_SERVICES.contains(&service)).then(|| service.to_owned())
}

fn without_nulls(mut input: serde_json::Value) -> serde_json::Value {
    if let Some(members) = input.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    input
}

/// The outputs of a stage on AWS, once it was deployed from here.
pub fn outputs_file(paths: &Paths, stage: &str) -> PathBuf {
    paths.local().join(format!("outputs-{stage}.json"))
}

/// The infrastructure validates the name, too, but here it first becomes part of paths.
pub fn parse(text: &str) -> Result<String> {
    let letters =
        text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if letters && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.len() <= 16 {
        return Ok(text.to_owned());
    }
    bail!("a stage is a lower-case letter followed by up to 15 lower-case letters, digits or hyphens")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployed_service_is_found_by_its_parameter() {
        let found = |parameter| service(parameter, "/ferrocart/dev/");
        assert_eq!(found("/ferrocart/dev/audit/stack-name").as_deref(), Some("audit"));
        for other in ["/ferrocart/dev/edge/stack-name", "/ferrocart/dev/basket/basket-api-arn", "/x"] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn a_stage_is_a_short_plain_name() {
        for stage in ["dev", "prod", "pr-17"] {
            assert!(parse(stage).is_ok(), "{stage}");
        }
        for stage in ["", "Dev", "1st", "../dev", "a-name-that-is-too-long"] {
            assert!(parse(stage).is_err(), "{stage}");
        }
    }
}
