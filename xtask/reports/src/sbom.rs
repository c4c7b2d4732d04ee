//! `cargo xtask sbom`: software bills of materials for the shop and its tools (`CycloneDX` 1.5).
//!
//! One file for each lock file, because they answer different questions. Only `rust.cdx.json` lists
//! what runs in the functions; its `scope` marks those components, and a scanner of the cloud needs
//! no other file. npm and `cyclonedx-py` read their own lock files.

mod component;
mod crates;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::{Value, json};
use xtask_common::paths::Paths;
use xtask_common::python::{Packages, Venv};
use xtask_common::services::Services;
use xtask_common::steps::Steps;
use xtask_common::{prerequisites, process};

#[derive(Parser)]
pub struct Args {}

pub fn run(paths: &Paths, _args: &Args) -> Result<()> {
    let mut steps = Steps::new(paths, 2);
    let python = prerequisites::step(paths, &mut steps)?;
    let venv = steps.run("python packages", |step| Venv::provide(paths, &python, Packages::Audit, step))?;
    let dir = Services::find(paths)?.target_dir.join("sbom");
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    write(&dir.join("rust.cdx.json"), rust(paths)?)?;
    for packages in Packages::ALL {
        let requirements = packages.requirements(paths);
        let name = requirements.file_stem().unwrap_or_default().to_string_lossy().replacen(
            "requirements",
            "python",
            1,
        );
        write(&dir.join(format!("{name}.cdx.json")), python_packages(paths, &venv, &requirements)?)?;
    }
    for (name, packages) in [("npm-infra", paths.root().to_owned()), ("npm-postman", paths.postman())] {
        write(&dir.join(format!("{name}.cdx.json")), node_packages(&packages)?)?;
    }
    Ok(())
}

fn rust(paths: &Paths) -> Result<Value> {
    let (components, dependencies) = crates::read(paths)?;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": "application", "name": "ferrocart" } },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn python_packages(paths: &Paths, venv: &Venv, requirements: &Path) -> Result<Value> {
    let mut program = process::command(venv.tool("cyclonedx-py"), paths.root());
    program.args(["requirements", "--spec-version", "1.5", "--output-reproducible"]).arg(requirements);
    read(&process::output(&mut program)?)
}

fn node_packages(dir: &Path) -> Result<Value> {
    let mut npm = process::command("npm", dir);
    npm.args(["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]);
    read(&process::output(&mut npm)?)
}

/// Without time or serial number: the same lock file gives the same bill.
fn read(bill: &str) -> Result<Value> {
    let mut bill: Value = serde_json::from_str(bill).context("cannot read a bill of materials")?;
    if let Some(members) = bill.as_object_mut() {
        members.remove("serialNumber");
    }
    if let Some(metadata) = bill["metadata"].as_object_mut() {
        metadata.remove("timestamp");
    }
    Ok(bill)
}

fn write(path: &Path, bill: Value) -> Result<()> {
    let text = serde_json::to_string_pretty(&bill).context("cannot write JSON")?;
    fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    let count = bill["components"].as_array().map_or(0, Vec::len);
    println!("{}: {count} components", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bills_of_the_same_lock_file_are_the_same() {
        let bill = |time: &str| {
            let bill = json!({
                "serialNumber": time, "metadata": { "timestamp": time, "tools": [] }, "components": [{ "name": "a" }],
            });
            read(&bill.to_string()).unwrap()
        };
        assert_eq!(bill("1"), bill("2"));
        assert_eq!(bill("1")["components"][0]["name"], "a");
    }
}
