//! Third-party Rust programs: built once, under `.local/tools`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::steps::Step;

/// Checks dependencies for advisories, licences, duplicates and sources.
const CARGO_DENY: &str = "cargo-deny";
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Provides `cargo deny`; building it takes minutes. Returns its path, and a summary.
pub fn cargo_deny(paths: &Paths, step: &mut Step) -> Result<(PathBuf, String)> {
    let _lock = Lock::wait(&paths.local(), "tools")?;
    let root = paths.local().join("tools");
    let program = root.join("bin").join(CARGO_DENY);
    let version = process::output(Command::new(&program).arg("--version")).unwrap_or_default();
    if version.split_whitespace().last() == Some(CARGO_DENY_VERSION) {
        return Ok((program, format!("{CARGO_DENY_VERSION}, unchanged")));
    }
    let mut install = process::command("cargo", paths.root());
    install.args(["install", "--locked", "--force", CARGO_DENY, "--version", CARGO_DENY_VERSION, "--root"]);
    step.run(install.arg(&root))?;
    Ok((program, format!("{CARGO_DENY_VERSION}, built")))
}
