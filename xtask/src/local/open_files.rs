//! The limit on open files: the local AWS has five or so for each copy of a function, and so has a
//! proxy between them.

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Many shells allow 1,024 or fewer, which a burst of orders on a laptop exceeds. macOS allows no
/// more than this.
const ENOUGH: u64 = 10_240;

/// Raises the limit for this program and its children, as far as the machine allows it.
pub fn allow_many() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    match raised(limit) {
        Some(raised) => setrlimit(Resource::Nofile, raised).context("cannot raise the limit of open files"),
        None => Ok(()),
    }
}

/// The limit to set; none if it need not, or cannot, be raised.
fn raised(limit: Rlimit) -> Option<Rlimit> {
    let current = limit.current?;
    let possible = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    (current < possible).then_some(Rlimit { current: Some(possible), ..limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_the_machine_allows_and_never_lowered() {
        let raised = |current, maximum| raised(Rlimit { current, maximum });
        let to = |current, maximum| Some(Rlimit { current: Some(current), maximum });
        assert_eq!(raised(Some(256), None), to(ENOUGH, None));
        assert_eq!(raised(Some(1024), Some(4096)), to(4096, Some(4096)));
        assert_eq!(raised(Some(1024), Some(524_288)), to(ENOUGH, Some(524_288)));
        assert_eq!(
            [raised(Some(1024), Some(1024)), raised(Some(20_000), None), raised(None, None)],
            [None; 3]
        );
    }
}
