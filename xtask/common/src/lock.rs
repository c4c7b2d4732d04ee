//! One command at a time per local stack.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// Held until dropped. The operating system releases it when the process ends, however it ends.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a directory; fails when another command holds it.
    pub fn take(dir: &Path) -> Result<Self> {
        match Self::attempt(&dir.join("lock"))? {
            Some(lock) => Ok(lock),
            None => {
                bail!("another `cargo xtask` is at work on {}; wait for it to end or stop it", dir.display())
            }
        }
    }

    /// Waits for the lock on packages that several commands may install: Python or Node.js.
    pub fn wait(dir: &Path, packages: &str) -> Result<Self> {
        let path = dir.join(format!("{packages}.lock"));
        loop {
            if let Some(lock) = Self::attempt(&path)? {
                return Ok(lock);
            }
            interrupt::sleep(Duration::from_millis(200))?;
        }
    }

    fn attempt(path: &Path) -> Result<Option<Self>> {
        let dir = path.parent().context("a lock needs a directory")?;
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path()).unwrap();
        assert!(Lock::take(dir.path()).is_err());
        drop(first);
        assert!(Lock::take(dir.path()).is_ok());
    }
}
