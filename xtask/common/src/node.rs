//! Provides `node_modules` of a directory, exactly as its lock file says.

use std::path::Path;

use anyhow::Result;

use crate::fingerprint::{self, Fingerprint};
use crate::lock::Lock;
use crate::paths::Paths;
use crate::process;
use crate::steps::Step;

/// Installs the packages in the lock file of `dir`; returns a summary.
pub fn provide(paths: &Paths, dir: &Path, step: &mut Step) -> Result<String> {
    let _lock = Lock::wait(&paths.local(), "node")?;
    let fingerprint = Fingerprint::default()
        .file(&dir.join("package.json"))?
        .file(&dir.join("package-lock.json"))?
        .finish();
    // `npm ci` removes node_modules first, and the marker with it.
    let marker = dir.join("node_modules/.installed");
    if fingerprint::matches(&marker, &fingerprint) {
        return Ok("unchanged".to_owned());
    }
    step.run(process::command("npm", dir).args(["ci", "--no-audit", "--no-fund"]))?;
    fingerprint::store(&marker, &fingerprint)?;
    Ok("installed".to_owned())
}
