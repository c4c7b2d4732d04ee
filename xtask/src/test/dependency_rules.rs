//! Test of the dependencies between our packages: `domain` and `lambdakit` use none, `shopkit` uses
//! both, and a service uses these shared ones, never another service.

use std::collections::BTreeMap;
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

#[test]
fn packages_depend_downwards_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    let output = cargo.output().unwrap();
    let metadata: Metadata = serde_json::from_slice(&output.stdout).unwrap();
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
