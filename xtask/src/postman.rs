//! Environments for the Postman collection.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::outputs::Outputs;

pub fn write_environment(path: &Path, outputs: &Outputs) -> Result<()> {
    let dir = path.parent().context("an environment needs a directory")?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let text = serde_json::to_string_pretty(&environment(outputs)).context("cannot write JSON")?;
    fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}

fn environment(outputs: &Outputs) -> Value {
    json!({
        "name": format!("Ferrocart {}", outputs.stage),
        "values": [
            { "key": "baseUrl", "value": outputs.api_url, "type": "default", "enabled": true },
            { "key": "stage", "value": outputs.stage, "type": "default", "enabled": true },
        ],
        "_postman_variable_scope": "environment",
    })
}
