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

    pub fn test_targets(&self, package: &str) -> impl Iterator<Item = &str> {
        self.tests.get(package).into_iter().flatten().map(String::as_str)
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
        let names = self
            .packages
            .iter()
            .filter(|package| package.manifest_path.starts_with(dir))
            .filter(|package| package.targets("bin").contains(&package.name))
            .map(|package| package.name.clone())
            .collect();
        Services { target_dir: self.target_directory, names, tests }
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
                {"name": "basket", "manifest_path": "/shop/services/basket/Cargo.toml", "targets": [
                    {"name": "basket", "kind": ["lib"]},
                    {"name": "basket", "kind": ["bin"]},
                    {"name": "store", "kind": ["test"]}]},
                {"name": "xtask", "manifest_path": "/shop/xtask/Cargo.toml", "targets": [
                    {"name": "xtask", "kind": ["bin"]}]}]}"#,
        )
        .unwrap();
        let services = metadata.services(Path::new("/shop/services"));
        assert_eq!(services.names().collect::<Vec<_>>(), ["basket"]);
        assert_eq!(services.test_targets("basket").collect::<Vec<_>>(), ["store"]);
        assert_eq!(services.package_args().collect::<Vec<_>>(), ["-p", "basket"]);
    }
}
