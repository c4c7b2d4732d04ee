//! One hash over all inputs of a result.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Generated directories, which are not sources.
const GENERATED: [&str; 4] = ["node_modules", "cdk.out", "dist", "__pycache__"];

#[derive(Default)]
pub struct Fingerprint {
    hasher: Sha256,
}

impl Fingerprint {
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.part(name, value.as_bytes());
        self
    }

    pub fn file(mut self, path: &Path) -> Result<Self> {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        self.part(&path.to_string_lossy(), &content);
        Ok(self)
    }

    /// All files under `dir` except generated ones, independent of the file system's order.
    pub fn tree(self, dir: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(dir, &mut files)?;
        files.sort();
        files.iter().try_fold(self, |fingerprint, file| fingerprint.file(file))
    }

    pub fn finish(self) -> String {
        hex(&self.hasher.finalize())
    }

    // Length prefixes distinguish ("ab", "c") from ("a", "bc").
    fn part(&mut self, name: &str, value: &[u8]) {
        for bytes in [name.as_bytes(), value] {
            self.hasher.update(bytes.len().to_le_bytes());
            self.hasher.update(bytes);
        }
    }
}

pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether `marker` was left by a run with the same fingerprint.
pub fn matches(marker: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(marker).is_ok_and(|stored| stored.trim() == fingerprint)
}

pub fn store(marker: &Path, fingerprint: &str) -> Result<()> {
    fs::write(marker, format!("{fingerprint}\n"))
        .with_context(|| format!("cannot write {}", marker.display()))
}

/// Removes the marker of an earlier success, so that an interrupted run does not count as one.
pub fn forget(marker: &Path) -> Result<()> {
    match fs::remove_file(marker) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", marker.display()))
        }
        _ => Ok(()),
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", dir.display()))?;
        let path = entry.path();
        if !path.is_dir() {
            files.push(path);
        } else if !GENERATED.iter().any(|generated| entry.file_name() == *generated) {
            collect(&path, files)?;
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _a_string_takes_all = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_tree(dir: &Path) -> String {
        Fingerprint::default().tree(dir).unwrap().finish()
    }

    #[test]
    fn a_changed_new_or_moved_file_changes_the_fingerprint() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("lib")).unwrap();
        fs::write(dir.path().join("lib/a.ts"), "1").unwrap();
        let before = of_tree(dir.path());
        assert_eq!(before, of_tree(dir.path()));

        fs::write(dir.path().join("lib/a.ts"), "2").unwrap();
        let changed = of_tree(dir.path());
        fs::rename(dir.path().join("lib/a.ts"), dir.path().join("lib/b.ts")).unwrap();
        let moved = of_tree(dir.path());
        fs::write(dir.path().join("c.ts"), "").unwrap();
        let new = of_tree(dir.path());
        let all = std::collections::HashSet::from([before, changed, moved, new]);
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn generated_directories_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.ts"), "1").unwrap();
        let before = of_tree(dir.path());
        for generated in GENERATED {
            fs::create_dir(dir.path().join(generated)).unwrap();
            fs::write(dir.path().join(generated).join("x"), "x").unwrap();
        }
        assert_eq!(before, of_tree(dir.path()));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let one = Fingerprint::default().text("a", "bc").finish();
        let other = Fingerprint::default().text("ab", "c").finish();
        assert_ne!(one, other);
    }

    #[test]
    fn a_forgotten_marker_does_not_match() {
        let dir = tempfile::tempdir().unwrap();
        let marker = dir.path().join("marker");
        store(&marker, "abc").unwrap();
        assert!(matches(&marker, "abc"));
        assert!(!matches(&marker, "abd"));
        forget(&marker).unwrap();
        forget(&marker).unwrap();
        assert!(!matches(&marker, "abc"));
    }
}
