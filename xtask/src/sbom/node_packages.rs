//! Components from Node.js packages, read from a lock file. (`npm sbom` requires a version, which
//! unpublished packages lack.)

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::sbom::{Component, License, Scope};

#[derive(Deserialize)]
struct Lock {
    /// By directory, such as `node_modules/a/node_modules/@scope/b`; the root's is empty.
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
    license: Option<String>,
}

pub fn read(dir: &Path) -> Result<Vec<Component>> {
    let file = dir.join("package-lock.json");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let lock = serde_json::from_str(&text).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(components(lock))
}

/// One package may be installed in several directories.
fn components(lock: Lock) -> Vec<Component> {
    let component = |(path, package): (String, Package)| {
        let (_, name) = path.rsplit_once("node_modules/")?;
        // Package URLs escape the `@` of a scope, because an `@` precedes the version.
        let purl_name = name.replacen('@', "%40", 1);
        let mut component = Component::of("npm", &purl_name, &package.version?, Scope::Excluded);
        name.clone_into(&mut component.name);
        component.licenses.extend(package.license.map(|expression| License { expression }));
        Some((component.purl.clone(), component))
    };
    let components: BTreeMap<String, Component> = lock.packages.into_iter().filter_map(component).collect();
    components.into_values().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packages_are_listed_once_and_by_their_full_names() {
        let lock = json!({ "packages": {
            "": { "name": "ferrocart-infra" },
            "node_modules/a": { "version": "1.0.0", "license": "MIT" },
            "node_modules/b/node_modules/a": { "version": "1.0.0", "license": "MIT" },
            "node_modules/b/node_modules/@types/node": { "version": "2.0.0" },
        } });
        let components = components(serde_json::from_value(lock).unwrap());
        let purls: Vec<&str> = components.iter().map(|component| component.purl.as_str()).collect();
        assert_eq!(purls, ["pkg:npm/%40types/node@2.0.0", "pkg:npm/a@1.0.0"]);
        assert_eq!(components[0].name, "@types/node");
        assert_eq!(components[1].licenses[0].expression, "MIT");
    }
}
