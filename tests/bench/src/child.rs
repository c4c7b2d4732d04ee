//! The function as a child process, and its resource usage from the kernel.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// A running `bootstrap`.
pub struct Function {
    child: Child,
    pid: u32,
    logged: Arc<AtomicU64>,
}

impl Function {
    /// Starts it as Lambda does: its environment holds only these variables.
    pub fn spawn(bootstrap: &Path, environment: &[(String, String)]) -> Result<Self> {
        let mut child = Command::new(bootstrap)
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", bootstrap.display()))?;
        let logged = Arc::new(AtomicU64::new(0));
        count(child.stdout.take(), &logged);
        count(child.stderr.take(), &logged);
        let pid = child.id().context("it ended at once")?;
        Ok(Self { child, pid, logged })
    }

    /// CPU time of all its threads so far.
    pub fn cpu(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid)).into_iter().flatten().flatten();
        let nanoseconds = threads.filter_map(|thread| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Peak resident memory, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default()
            * 1024
    }

    /// Bytes written to standard output and standard error.
    pub fn logged(&self) -> u64 {
        self.logged.load(Ordering::SeqCst)
    }

    /// Stops it with SIGTERM, so that a profiler around it can write its results.
    pub async fn end(mut self) -> Result<()> {
        Command::new("kill").arg(self.pid.to_string()).status().await.context("cannot end the function")?;
        self.child.wait().await.context("the function does not end")?;
        Ok(())
    }
}

fn count(pipe: Option<impl AsyncReadExt + Unpin + Send + 'static>, logged: &Arc<AtomicU64>) {
    let Some(mut pipe) = pipe else { return };
    let logged = Arc::clone(logged);
    tokio::spawn(async move {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            logged.fetch_add(read as u64, Ordering::SeqCst);
        }
    });
}
