//! The Python environment under `.local/venv`: nothing is installed outside the repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, iter};

use anyhow::{Context, Result};

use crate::fingerprint::{self, Fingerprint};
use crate::lock::Lock;
use crate::paths::Paths;
use crate::process;
use crate::steps::Step;

#[derive(Clone)]
pub struct Venv {
    dir: PathBuf,
}

/// Sets of packages, one for each requirements file.
#[derive(Clone, Copy)]
pub enum Packages {
    /// The local AWS and the template check.
    Local,
    /// The cross-compiler for AWS Lambda.
    Lambda,
    /// The audit tool for the other packages.
    Audit,
    /// The API fuzzer, which is driven by the API's description.
    Test,
}

impl Packages {
    /// All sets.
    pub const ALL: [Self; 4] = [Self::Local, Self::Lambda, Self::Audit, Self::Test];

    pub fn requirements(self, paths: &Paths) -> PathBuf {
        let name = match self {
            Self::Local => "requirements.txt",
            Self::Lambda => "requirements-lambda.txt",
            Self::Audit => "requirements-audit.txt",
            Self::Test => "requirements-test.txt",
        };
        paths.infra().join("local").join(name)
    }

    fn marker(self, venv: &Path) -> PathBuf {
        venv.join(match self {
            Self::Local => ".local-packages",
            Self::Lambda => ".lambda-packages",
            Self::Audit => ".audit-packages",
            Self::Test => ".test-packages",
        })
    }
}

impl Venv {
    pub fn of(paths: &Paths) -> Self {
        Self { dir: paths.venv() }
    }

    /// Installs `packages` into the environment; returns a summary.
    pub fn provide(
        paths: &Paths,
        interpreter: &str,
        packages: Packages,
        step: &mut Step,
    ) -> Result<(Self, String)> {
        let _lock = Lock::wait(&paths.local(), "python")?;
        let venv = Self::of(paths);
        let requirements = packages.requirements(paths);
        // Scripts in an environment contain its absolute path: a moved checkout needs a new one.
        let fingerprint =
            Fingerprint::default().text("dir", &venv.dir.to_string_lossy()).file(&requirements)?.finish();
        let marker = packages.marker(&venv.dir);
        let works = process::output(venv.python(paths.root()).args(["-c", "import pip"])).is_ok();
        if works && fingerprint::matches(&marker, &fingerprint) {
            return Ok((venv, "unchanged".to_owned()));
        }
        fingerprint::forget(&marker)?;
        if !works {
            step.note("creating .local/venv");
            let mut create = process::command(interpreter, paths.root());
            step.run(create.args(["-m", "venv", "--clear"]).arg(&venv.dir))?;
        }
        let mut install = venv.python(paths.root());
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
        // Hashes: a package that differs from the tested one is refused.
        step.run(install.args(["--require-hashes", "--requirement"]).arg(&requirements))?;
        fingerprint::store(&marker, &fingerprint)?;
        Ok((venv, "installed".to_owned()))
    }

    pub fn python(&self, dir: &Path) -> Command {
        process::command(self.tool("python"), dir)
    }

    pub fn tool(&self, name: &str) -> PathBuf {
        self.dir.join("bin").join(name)
    }

    /// `PATH` with the environment's tools first.
    pub fn search_path(&self) -> Result<OsString> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let dirs = iter::once(self.dir.join("bin")).chain(env::split_paths(&inherited));
        env::join_paths(dirs).with_context(|| format!("{} cannot be part of PATH", self.dir.display()))
    }
}
