//! Builds the pages of the shop's site with Vite.

use std::path::PathBuf;

use anyhow::Result;
use xtask_common::fingerprint::{self, Fingerprint};
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::steps::Step;
use xtask_common::{node, process};

/// Builds the pages unless nothing changed; returns their directory and a summary.
pub fn build(paths: &Paths, step: &mut Step) -> Result<(PathBuf, String)> {
    let root = paths.root();
    node::provide(paths, root, step)?;
    // The shop and the tests may build at the same time.
    let _lock = Lock::wait(&paths.local(), "web")?;
    let dist = paths.web().join("dist");
    let marker = paths.local().join("web-built");
    let fingerprint =
        Fingerprint::default().file(&root.join("package-lock.json"))?.tree(&paths.web())?.finish();
    if dist.join("index.html").is_file() && fingerprint::matches(&marker, &fingerprint) {
        return Ok((dist, "unchanged".to_owned()));
    }
    fingerprint::forget(&marker)?;
    step.run(process::command("npm", root).args(["run", "build", "--workspace", "web"]))?;
    fingerprint::store(&marker, &fingerprint)?;
    Ok((dist, "built".to_owned()))
}
