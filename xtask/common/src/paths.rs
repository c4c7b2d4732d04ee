//! Paths of the repository. All commands write under `.local/` or `target/`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

#[derive(Clone)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    /// Finds the repository: from Cargo when it runs us, else upwards from the working directory.
    pub fn find() -> Result<Self> {
        let start = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(manifest_dir) => PathBuf::from(manifest_dir),
            None => env::current_dir().context("cannot read the working directory")?,
        };
        Self::around(&start)
    }

    /// The repository that a directory is in.
    pub fn around(dir: &Path) -> Result<Self> {
        let root = dir
            .ancestors()
            .find(|dir| dir.join("xtask/Cargo.toml").is_file())
            .with_context(|| format!("no repository around {}; run this inside it", dir.display()))?;
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn local(&self) -> PathBuf {
        self.root.join(".local")
    }

    pub fn venv(&self) -> PathBuf {
        self.local().join("venv")
    }

    pub fn step_logs(&self) -> PathBuf {
        self.local().join("logs")
    }

    pub fn infra(&self) -> PathBuf {
        self.root.join("infra")
    }

    pub fn postman(&self) -> PathBuf {
        self.root.join("postman")
    }

    /// A path for display: relative to the repository where it is inside.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
