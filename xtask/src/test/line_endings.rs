//! Test that a clone has the line endings that golden files, scripts and hashes need, whatever
//! Git's configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files_under(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_file_gets_carriage_returns_by_core_autocrlf() {
    // Without a repository, Git did not check these sources out.
    if !root().join(".git").exists() {
        return;
    }
    let directory = std::env::temp_dir().join(format!("ferrocart-line-endings-{}", std::process::id()));
    let prefix = format!("--prefix={}/", directory.display());
    let checkout = Command::new("git")
        .current_dir(root())
        .args(["-c", "core.autocrlf=true", "checkout-index", "--all", &prefix])
        .status()
        .unwrap();
    assert!(checkout.success());
    let mut files = Vec::new();
    files_under(&directory, &mut files);
    let changed: Vec<_> = files.iter().filter(|file| fs::read(file).unwrap().contains(&b'\r')).collect();
    assert!(files.len() > 100, "{} files", files.len());
    assert!(changed.is_empty(), "{changed:#?}");
    fs::remove_dir_all(&directory).unwrap();
}
