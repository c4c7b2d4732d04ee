//! Components from crates, as `cargo metadata` reports them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use xtask_common::paths::Paths;
use xtask_common::process;

use crate::sbom::component::{Component, Dependency, Hash, License, Scope};

/// Platform of the functions: dependencies for other platforms are left out.
const LAMBDA: &str = "aarch64-unknown-linux-gnu";

pub fn read(paths: &Paths) -> Result<(Vec<Component>, Vec<Dependency>)> {
    let lock = paths.root().join("Cargo.lock");
    let lock = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let all = metadata(paths, &[])?;
    let on_lambda = metadata(paths, &["--filter-platform", LAMBDA])?;
    let functions = on_lambda.reached_from(&paths.root().join("services"));
    Ok((all.components(&functions, &checksums(&lock)), all.dependencies()))
}

fn metadata(paths: &Paths, options: &[&str]) -> Result<Metadata> {
    let mut cargo = process::command("cargo", paths.root());
    cargo.args(["metadata", "--locked", "--format-version", "1"]).args(options);
    serde_json::from_str(&process::output(&mut cargo)?).context("cannot read what `cargo metadata` printed")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// None for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
}

impl Edge {
    fn is_ordinary(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}

impl Package {
    fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

impl Metadata {
    /// Ids of all packages that the packages under `dir` depend on.
    fn reached_from(&self, dir: &Path) -> BTreeSet<&str> {
        let edges: BTreeMap<&str, &Vec<Edge>> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), &node.deps)).collect();
        let starts = self.packages.iter().filter(|package| package.manifest_path.starts_with(dir));
        let mut waiting: Vec<&str> = starts.map(|package| package.id.as_str()).collect();
        let mut reached = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if reached.insert(id) {
                let next = edges.get(id).into_iter().flat_map(|edges| edges.iter());
                waiting.extend(next.filter(|edge| edge.is_ordinary()).map(|edge| edge.pkg.as_str()));
            }
        }
        reached
    }

    fn components(&self, functions: &BTreeSet<&str>, checksums: &BTreeMap<String, &str>) -> Vec<Component> {
        let component = |package: &Package| {
            let scope =
                if functions.contains(package.id.as_str()) { Scope::Required } else { Scope::Excluded };
            let mut component = Component::of("cargo", &package.name, &package.version, scope);
            if let Some(sum) = checksums.get(&component.purl) {
                component.hashes.push(Hash { alg: "SHA-256", content: (*sum).to_owned() });
            }
            // Older crates separate alternatives with a slash, which SPDX no longer allows.
            let license = package.license.as_ref().map(|license| license.replace('/', " OR "));
            component.licenses.extend(license.map(|expression| License { expression }));
            component
        };
        self.packages.iter().map(component).collect()
    }

    fn dependencies(&self) -> Vec<Dependency> {
        let purls: BTreeMap<&str, String> =
            self.packages.iter().map(|package| (package.id.as_str(), package.purl())).collect();
        let purl = |id: &str| purls.get(id).cloned();
        let dependency = |node: &Node| {
            let needed: BTreeSet<String> = node.deps.iter().filter_map(|edge| purl(&edge.pkg)).collect();
            Some(Dependency { reference: purl(&node.id)?, depends_on: needed.into_iter().collect() })
        };
        self.resolve.nodes.iter().filter_map(dependency).collect()
    }
}

/// Checksums in a lock file, by package URL; packages of this workspace have none.
fn checksums(lock: &str) -> BTreeMap<String, &str> {
    lock.split("[[package]]")
        .filter_map(|block| {
            let purl = format!("pkg:cargo/{}@{}", value(block, "name")?, value(block, "version")?);
            Some((purl, value(block, "checksum")?))
        })
        .collect()
}

fn value<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = block.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace() -> Metadata {
        let package = |name: &str, path: &str| {
            json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0",
                "manifest_path": path })
        };
        let edge = |name: &str, kind: Option<&str>| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        serde_json::from_value(json!({
            "packages": [
                package("basket", "/shop/services/basket/Cargo.toml"),
                package("xtask", "/shop/xtask/Cargo.toml"),
                package("serde", "/registry/serde/Cargo.toml"),
                package("itoa", "/registry/itoa/Cargo.toml"),
                package("tempfile", "/registry/tempfile/Cargo.toml"),
            ],
            "resolve": { "nodes": [
                { "id": "basket", "deps": [edge("serde", None), edge("tempfile", Some("dev"))] },
                { "id": "serde", "deps": [edge("itoa", None)] },
                { "id": "xtask", "deps": [edge("tempfile", None)] },
            ] },
        }))
        .unwrap()
    }

    #[test]
    fn only_dependencies_of_functions_are_required() {
        let workspace = workspace();
        let functions = workspace.reached_from(Path::new("/shop/services"));
        assert_eq!(functions, BTreeSet::from(["basket", "serde", "itoa"]));
        let components = workspace.components(&functions, &BTreeMap::new());
        let required = components.iter().filter(|component| component.scope == Scope::Required).count();
        assert_eq!((required, components.len()), (3, 5));
        assert_eq!(components[0].licenses[0].expression, "MIT OR Apache-2.0");
    }

    #[test]
    fn dependencies_name_each_other_by_package_url() {
        let dependencies = workspace().dependencies();
        assert_eq!(dependencies[1].reference, "pkg:cargo/serde@1.0.0");
        assert_eq!(dependencies[1].depends_on, ["pkg:cargo/itoa@1.0.0"]);
    }

    #[test]
    fn checksums_are_those_of_the_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"x\"\nchecksum = \"abc\"\n\
                    \n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        assert_eq!(checksums(lock), BTreeMap::from([("pkg:cargo/a@1.0.0".to_owned(), "abc")]));
    }
}
