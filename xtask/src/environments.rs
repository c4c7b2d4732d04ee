//! What each local function finds in its environment, as files that `cargo lambda watch --env-file` takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::aws::{self, Aws};
use crate::outputs::Outputs;

/// Writes `<function>.env` for each function of a local stack.
pub fn write(dir: &Path, outputs: &Outputs, endpoint: &str) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let aws = Aws::local(endpoint);
    for (function, name) in &outputs.functions {
        let mut variables = aws.variables(name)?;
        for (variable, value) in [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", aws::ACCOUNT),
            ("AWS_SECRET_ACCESS_KEY", aws::SECRET_KEY),
            ("AWS_REGION", aws::REGION),
        ] {
            variables.insert(variable.to_owned(), value.to_owned());
        }
        let lines: Vec<String> =
            variables.iter().map(|(variable, value)| format!("{variable}={value}")).collect();
        let file = dir.join(format!("{function}.env"));
        fs::write(&file, lines.join("\n") + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
