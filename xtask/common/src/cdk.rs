//! Synthesizes the shop's templates with the CDK.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::process;
use crate::services::Services;

/// A zip archive without entries.
const EMPTY_ZIP: [u8; 22] = *b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Runs the CDK by its script: one process fewer than `npx`, and no prompts to install packages.
pub fn command(paths: &Paths) -> Command {
    let mut node = process::command("node", &paths.infra());
    node.arg("../node_modules/aws-cdk/bin/cdk")
        .args(["--no-notices", "--no-version-reporting"])
        .env("CI", "true")
        // It takes longer than the synthesis, and only warns; cfn-lint checks the templates in tests.
        .env("CDK_VALIDATION", "false")
        .env("NODE_NO_WARNINGS", "1");
    node
}

/// Writes the templates of a stage with these settings, each `name=value`, to `assembly`. With AWS
/// credentials they are for the caller's account and region.
pub fn synth(paths: &Paths, settings: &[String], assembly: &Path) -> Result<Command> {
    // Templates of services that this stage leaves out would stay.
    match fs::remove_dir_all(assembly) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", assembly.display()));
        }
        _ => {}
    }
    let mut cdk = command(paths);
    cdk.args(["synth", "--quiet", "--output"]).arg(assembly);
    cdk.args(settings.iter().flat_map(|setting| ["-c", setting]));
    Ok(cdk)
}

/// Synthesizes for an account that need not exist.
pub fn pretend_account(command: &mut Command, account: &str, region: &str) {
    for name in ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("CDK_DEFAULT_ACCOUNT", account)
        .env("CDK_DEFAULT_REGION", region);
}

/// A directory of functions without code: enough to synthesize templates that are not deployed.
pub fn placeholders(services: &Services) -> Result<PathBuf> {
    let functions = services.target_dir.join("placeholder");
    for service in services.names() {
        let dir = functions.join(service);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let zip = dir.join("bootstrap.zip");
        fs::write(&zip, EMPTY_ZIP).with_context(|| format!("cannot write {}", zip.display()))?;
    }
    Ok(functions)
}
