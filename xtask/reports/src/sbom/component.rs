//! The parts of a bill of materials.

use serde::Serialize;

/// One package.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(rename = "bom-ref")]
    pub reference: String,
    pub name: String,
    pub version: String,
    pub scope: Scope,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<License>,
    pub purl: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Part of a function.
    Required,
    /// Builds, tests or deploys.
    Excluded,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Hash {
    pub alg: &'static str,
    pub content: String,
}

/// An SPDX expression.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct License {
    pub expression: String,
}

/// The direct dependencies of a component.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    #[serde(rename = "ref")]
    pub reference: String,
    pub depends_on: Vec<String>,
}

impl Component {
    pub fn of(ecosystem: &str, name: &str, version: &str, scope: Scope) -> Self {
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
