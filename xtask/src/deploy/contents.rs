//! What the services of a stage consist of, by their templates.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use xtask_common::table;

use crate::deploy::plan::Plan;

/// The functions and resources of each stack that `assembly` has of a plan.
pub fn table(plan: &Plan, assembly: &Path) -> Result<String> {
    let mut rows = vec![["", "functions", "resources"].map(str::to_owned)];
    let mut total = Contents::default();
    for stack in plan.stacks() {
        let contents = Contents::of(&assembly.join(format!("{stack}.template.json")))?;
        rows.push(contents.row(stack));
        total.functions += contents.functions;
        total.resources += contents.resources;
    }
    rows.push(total.row("together"));
    Ok(table::render(&rows))
}

#[derive(Default)]
struct Contents {
    functions: usize,
    resources: usize,
}

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "Resources")]
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
}

impl Contents {
    fn of(template: &Path) -> Result<Self> {
        let unreadable = || format!("cannot read {}", template.display());
        let text = fs::read_to_string(template).with_context(unreadable)?;
        let Template { resources } = serde_json::from_str(&text).with_context(unreadable)?;
        let functions = resources.values().filter(|resource| resource.kind == "AWS::Lambda::Function");
        Ok(Self { functions: functions.count(), resources: resources.len() })
    }

    fn row(&self, stack: &str) -> [String; 3] {
        [stack.to_owned(), self.functions.to_string(), self.resources.to_string()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_resources_of_a_template_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.template.json");
        let resources = r#"{"A": {"Type": "AWS::Lambda::Function"}, "B": {"Type": "AWS::SQS::Queue"}}"#;
        fs::write(&file, format!(r#"{{"Resources": {resources}}}"#)).unwrap();
        assert_eq!(Contents::of(&file).unwrap().row("audit"), ["audit", "1", "2"]);
    }
}
