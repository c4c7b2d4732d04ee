//! Test of the dependencies between our packages: `domain` and `lambdakit` use none, `shopkit` uses
//! both, and a service uses these shared ones, never another service.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// None for a normal dependency.
    kind: Option<String>,
    /// Path of a package in this repository.
    path: Option<String>,
    features: Vec<String>,
}

/// Our packages that a package may depend on, outside its tests.
fn allowed(package: &Package) -> &'static [&'static str] {
    match &*package.name {
        "domain" | "lambdakit" | "xtask-common" => &[],
        "xtask" | "xtask-operate" | "xtask-reports" => &["xtask-common"],
        "contracts" => &["domain"],
        "shopkit" => &["contracts", "domain", "lambdakit"],
        "testkit" => &["lambdakit"],
        "shop-tests" => &["lambdakit", "testkit"],
        _ => &["contracts", "domain", "lambdakit", "shopkit"],
    }
}

fn metadata() -> Metadata {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap()
}

#[test]
fn packages_depend_downwards_only() {
    let metadata = metadata();
    let mut wrong = BTreeMap::new();
    for package in &metadata.packages {
        let is_service = package.manifest_path.contains("/services/");
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            // Payment's tests run against the sandbox; the shop's tests use every service.
            let may_test_with = !is_service || ["testkit", "payment-sandbox"].contains(&&*dependency.name);
            let is_allowed = match dependency.kind.as_deref() {
                None => allowed(package).contains(&&*dependency.name),
                _ => may_test_with,
            };
            if !is_allowed {
                wrong.insert(&*package.name, &*dependency.name);
            }
        }
    }
    assert!(metadata.packages.len() > 10);
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The features of lambdakit that a package needs outside its tests.
fn features(package: &Package) -> impl Iterator<Item = &str> {
    let is_lambdakit = |dependency: &&Dependency| dependency.name == "lambdakit" && dependency.kind.is_none();
    package.dependencies.iter().filter(is_lambdakit).flat_map(|found| &found.features).map(String::as_str)
}

/// Cargo compiles lambdakit once for all packages of a build. testkit is one of them, whichever
/// services are: so a service that is added changes no executable of another one.
#[test]
fn testkit_enables_all_features_that_services_use() {
    let packages = metadata().packages;
    let testkit = packages.iter().find(|package| package.name == "testkit").unwrap();
    let enabled: BTreeSet<_> = features(testkit).collect();
    let services = packages.iter().filter(|package| package.manifest_path.contains("/services/"));
    let used: BTreeSet<_> = services.flat_map(features).collect();
    assert!(used.len() > 5, "{used:?}");
    assert_eq!(used.difference(&enabled).next(), None);
}
