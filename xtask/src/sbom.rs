//! `cargo xtask sbom`: software bills of materials for the shop and its tools (`CycloneDX` 1.5).
//!
//! One file for each lock file, because they answer different questions. Only `rust.cdx.json` lists
//! what runs in the functions; its `scope` marks those components, and a scanner of the cloud needs
//! no other file.

mod crates;
mod node_packages;
mod python_packages;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;
use serde::Serialize;
use serde_json::{Value, json};

use crate::paths::Paths;
use crate::services::Services;

#[derive(Parser)]
pub struct Args {}

/// One package.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    version: String,
    scope: Scope,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    purl: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// Part of a function.
    Required,
    /// Builds, tests or deploys.
    Excluded,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

/// An SPDX expression.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct License {
    expression: String,
}

/// The direct dependencies of a component.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Vec<String>,
}

impl Component {
    fn of(ecosystem: &str, name: &str, version: &str, scope: Scope) -> Self {
        let purl = format!("pkg:{ecosystem}/{name}@{version}");
        Self {
            kind: "library",
            reference: purl.clone(),
            name: name.to_owned(),
            version: version.to_owned(),
            scope,
            hashes: Vec::new(),
            licenses: Vec::new(),
            purl,
        }
    }
}

pub fn run(paths: &Paths, _args: &Args) -> Result<()> {
    let services = Services::find(paths)?;
    let dir = services.target_dir.join("sbom");
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let (components, dependencies) = crates::read(paths)?;
    write(&dir.join("rust.cdx.json"), &bill(&components, &dependencies))?;
    write(&dir.join("python.cdx.json"), &bill(&python_packages::read(paths)?, &[]))?;
    for (name, packages) in [("npm-infra", paths.infra()), ("npm-postman", paths.postman())] {
        write(&dir.join(format!("{name}.cdx.json")), &bill(&node_packages::read(&packages)?, &[]))?;
    }
    Ok(())
}

/// Without time or serial number: the same lock files give the same bill.
fn bill(components: &[Component], dependencies: &[Dependency]) -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": "ferrocart" } },
        "components": components,
        "dependencies": dependencies,
    })
}

fn write(path: &Path, bill: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(bill).context("cannot write JSON")?;
    fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    let count = bill["components"].as_array().map_or(0, Vec::len);
    println!("{}: {count} components", path.display());
    Ok(())
}
