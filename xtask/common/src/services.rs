//! The services of the shop: every package under `services/`, each of which is one executable.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::paths::Paths;
use crate::process;

pub struct Services {
    pub target_dir: PathBuf,
    names: BTreeSet<String>,
    /// Package names, each with the names of its integration tests.
    tests: BTreeMap<String, Vec<String>>,
    /// Service names, each with the names of the services that its tests use.
    used: BTreeMap<String, BTreeSet<String>>,
}

impl Services {
    pub fn find(paths: &Paths) -> Result<Self> {
        let mut cargo = process::command("cargo", paths.root());
        let metadata = process::output(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Metadata =
            serde_json::from_str(&metadata).context("cannot read what `cargo metadata` printed")?;
        let services = metadata.services(&paths.root().join("services"));
        if services.names.is_empty() {
            bail!("no package under services/ has a binary: there is nothing to build");
        }
        Ok(services)
    }

    /// The names of the packages, which are also those of the executables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Only the services of these names.
    #[must_use]
    pub fn among(mut self, names: &BTreeSet<&str>) -> Self {
        self.names.retain(|name| names.contains(&**name));
        self
    }

    pub fn test_targets(&self, package: &str) -> impl Iterator<Item = &str> {
        self.tests.get(package).into_iter().flatten().map(String::as_str)
    }

    /// The services that the tests of a service use.
    pub fn used_by(&self, name: &str) -> BTreeSet<&str> {
        self.used.get(name).into_iter().flatten().map(String::as_str).collect()
    }

    /// `-p product -p basket ...`
    pub fn package_args(&self) -> impl Iterator<Item = &str> {
        self.names().flat_map(|name| ["-p", name])
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Metadata {
    fn services(self, dir: &Path) -> Services {
        let tests =
            self.packages.iter().map(|package| (package.name.clone(), package.targets("test"))).collect();
        let services: Vec<&Package> = self
            .packages
            .iter()
            .filter(|package| package.manifest_path.starts_with(dir))
            .filter(|package| package.targets("bin").contains(&package.name))
            .collect();
        let names: BTreeSet<String> = services.iter().map(|package| package.name.clone()).collect();
        let used = services.iter().map(|package| {
            let others = package.dependencies.iter().map(|dependency| &dependency.name);
            (package.name.clone(), others.filter(|name| names.contains(*name)).cloned().collect())
        });
        let used = used.collect();
        Services { target_dir: self.target_directory, names, tests, used }
    }
}

impl Package {
    fn targets(&self, wanted: &str) -> Vec<String> {
        let of_kind = |target: &&Target| target.kind.iter().any(|kind| kind == wanted);
        self.targets.iter().filter(of_kind).map(|target| target.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_services_with_an_executable_are_services_and_nothing_else_is() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"target_directory": "/shop/target", "packages": [
                {"name": "payment", "manifest_path": "/shop/services/payment/Cargo.toml", "targets": [
                    {"name": "payment", "kind": ["lib"]},
                    {"name": "payment", "kind": ["bin"]},
                    {"name": "store", "kind": ["test"]}],
                    "dependencies": [{"name": "serde"}, {"name": "sandbox"}]},
                {"name": "sandbox", "manifest_path": "/shop/services/sandbox/Cargo.toml", "targets": [
                    {"name": "sandbox", "kind": ["bin"]}], "dependencies": []},
                {"name": "xtask", "manifest_path": "/shop/xtask/Cargo.toml", "targets": [
                    {"name": "xtask", "kind": ["bin"]}], "dependencies": []}]}"#,
        )
        .unwrap();
        let services = metadata.services(Path::new("/shop/services"));
        assert_eq!(services.names().collect::<Vec<_>>(), ["payment", "sandbox"]);
        assert_eq!(services.test_targets("payment").collect::<Vec<_>>(), ["store"]);
        assert_eq!(services.package_args().collect::<Vec<_>>(), ["-p", "payment", "-p", "sandbox"]);
        assert_eq!(services.used_by("payment"), BTreeSet::from(["sandbox"]));
        assert!(services.used_by("sandbox").is_empty());
    }
}
