//! The functions of the shop: every binary of a package under `services/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::paths::Paths;
use crate::process;

pub struct Services {
    pub target_dir: PathBuf,
    /// Names of packages with the names of their functions.
    packages: BTreeMap<String, Vec<String>>,
    /// Names of all packages with the names of their integration tests.
    tests: BTreeMap<String, Vec<String>>,
}

impl Services {
    pub fn find(paths: &Paths) -> Result<Self> {
        let mut cargo = process::command("cargo", paths.root());
        let metadata = process::output(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Metadata =
            serde_json::from_str(&metadata).context("cannot read what `cargo metadata` printed")?;
        let services = metadata.services(&paths.root().join("services"));
        if services.packages.is_empty() {
            bail!("no package under services/ has a binary: there is no function to build");
        }
        Ok(services)
    }

    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.packages.values().flatten().map(String::as_str)
    }

    pub fn test_targets(&self, package: &str) -> impl Iterator<Item = &str> {
        self.tests.get(package).into_iter().flatten().map(String::as_str)
    }

    /// `-p product -p basket ...`
    pub fn package_args(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().flat_map(|package| ["-p", package])
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
        let packages = self
            .packages
            .iter()
            .filter(|package| package.manifest_path.starts_with(dir))
            .map(|package| (package.name.clone(), package.targets("bin")))
            .filter(|(_, functions)| !functions.is_empty())
            .collect();
        Services { target_dir: self.target_directory, packages, tests }
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
    fn binaries_of_services_are_functions_and_nothing_else_is() {
        let metadata: Metadata = serde_json::from_str(
            r#"{"target_directory": "/shop/target", "packages": [
                {"name": "basket", "manifest_path": "/shop/services/basket/Cargo.toml", "targets": [
                    {"name": "basket", "kind": ["lib"]},
                    {"name": "basket-api", "kind": ["bin"]},
                    {"name": "basket-prices", "kind": ["bin"]},
                    {"name": "store", "kind": ["test"]}]},
                {"name": "xtask", "manifest_path": "/shop/xtask/Cargo.toml", "targets": [
                    {"name": "xtask", "kind": ["bin"]}]}]}"#,
        )
        .unwrap();
        let services = metadata.services(Path::new("/shop/services"));
        assert_eq!(services.functions().collect::<Vec<_>>(), ["basket-api", "basket-prices"]);
        assert_eq!(services.test_targets("basket").collect::<Vec<_>>(), ["store"]);
        assert_eq!(services.package_args().collect::<Vec<_>>(), ["-p", "basket"]);
    }
}
