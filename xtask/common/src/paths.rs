//! Paths of the repository. All commands write under `.local/` or `target/`.

use std::env;
use std::fs;
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

    /// What the infrastructure is made of beside `infra/`: the stack of each service, and what it
    /// reads.
    pub fn stacks(&self) -> Result<Vec<PathBuf>> {
        let mut files = vec![self.root.join("package-lock.json")];
        for service in entries(&self.root.join("services"))? {
            let is_stack = |path: &PathBuf| {
                path.extension().is_some_and(|extension| extension == "ts" || extension == "json")
            };
            files.extend(entries(&service)?.into_iter().filter(is_stack));
        }
        files.sort();
        Ok(files)
    }

    /// The pages of the shop's site.
    pub fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    pub fn postman(&self) -> PathBuf {
        self.root.join("postman")
    }

    /// A path for display: relative to the repository where it is inside.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let listed = || format!("cannot list {}", dir.display());
    fs::read_dir(dir).with_context(listed)?.map(|entry| Ok(entry.with_context(listed)?.path())).collect()
}
