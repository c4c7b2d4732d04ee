//! The stages of the shop.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::paths::Paths;
use crate::shop::aws::{Aws, Refusal, Service};

/// The settings that a stage was deployed with; none if it is not deployed.
pub fn settings(aws: &Aws, stage: &str) -> Result<BTreeMap<String, String>> {
    let name = format!("/ferrocart/{stage}/foundation/settings");
    match aws.call(Service::Ssm, "GetParameter", &json!({ "Name": name })) {
        Ok(answer) => {
            let text = answer["Parameter"]["Value"].as_str().unwrap_or_default();
            serde_json::from_str(text).with_context(|| format!("cannot read {name}"))
        }
        Err(error) if is_about_missing(&error) => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn is_about_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|refusal: &Refusal| refusal.kind == "ParameterNotFound")
}

/// The name of the stack of a service.
pub fn stack_name(stage: &str, service: &str) -> String {
    format!("ferrocart-{stage}-{service}")
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
    fn a_stage_is_a_short_plain_name() {
        for stage in ["dev", "prod", "pr-17"] {
            assert!(parse(stage).is_ok(), "{stage}");
        }
        for stage in ["", "Dev", "1st", "../dev", "a-name-that-is-too-long"] {
            assert!(parse(stage).is_err(), "{stage}");
        }
    }
}
