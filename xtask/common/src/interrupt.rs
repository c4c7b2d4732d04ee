//! Ctrl-C: the first one asks the running command to clean up and stop, the second one ends it at
//! once.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};
use signal_hook::flag;

/// Exit code that shells report for a command ended by SIGINT.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

pub fn listen() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The order matters: this handler reads the flag that earlier signals set.
        flag::register_conditional_shutdown(signal, EXIT_CODE.into(), REQUESTED.clone())
            .and_then(|_| flag::register(signal, REQUESTED.clone()))
            .context("cannot listen for Ctrl-C")?;
    }
    // `cargo xtask logs | head` ends with `head`, without complaint.
    flag::register_conditional_shutdown(SIGPIPE, 0, Arc::new(AtomicBool::new(true)))
        .context("cannot listen for a closed pipe")?;
    Ok(())
}

pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

pub fn check() -> Result<()> {
    if requested() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Restores a request that clean-up has taken.
pub fn request() {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// Takes the interrupt request and returns whether there was one. Clean-up that runs programs or
/// waits must not be stopped by the Ctrl-C that caused it.
pub fn acknowledge() -> bool {
    REQUESTED.swap(false, Ordering::Relaxed)
}

pub fn sleep(duration: Duration) -> Result<()> {
    let end = Instant::now() + duration;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(Duration::from_millis(50)));
    }
}
