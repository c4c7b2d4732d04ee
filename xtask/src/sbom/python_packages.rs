//! Components from Python packages, read from the requirements files.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::python::Packages;
use crate::sbom::{Component, Scope};

pub fn read(paths: &Paths) -> Result<Vec<Component>> {
    let mut components = BTreeMap::new();
    for packages in Packages::ALL {
        let file = packages.requirements(paths);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for (name, version) in pins(&text) {
            let component = Component::of("pypi", name, version, Scope::Excluded);
            components.insert(component.purl.clone(), component);
        }
    }
    Ok(components.into_values().collect())
}

/// Names and versions in `name==version ; marker \`, which is followed by lines of hashes.
fn pins(requirements: &str) -> impl Iterator<Item = (&str, &str)> {
    requirements.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, rest) = line.split_once("==")?;
        let version = rest.split_whitespace().next()?;
        (!name.starts_with(char::is_whitespace)).then_some((name, version))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_with_and_without_markers() {
        let text =
            "# made by a==1\na==1.2 \\\n    --hash=sha256:b==3\nb-c==4 ; python_full_version < '3.11' \\\n";
        assert_eq!(pins(text).collect::<Vec<_>>(), [("a", "1.2"), ("b-c", "4")]);
    }
}
