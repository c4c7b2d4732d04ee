//! One invocation: its deadline, and what its log line has collected so far.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::Context;
use serde::Serialize;
use serde_json::value::to_raw_value;

#[cfg(feature = "tracing")]
use super::events::Events;
use super::fields::Fields;
use super::line::{self, Line};
use super::metrics::Metrics;
use super::source::Source;

/// Time reserved before an invocation's deadline, to respond and to write the log line.
const RESERVE: Duration = Duration::from_millis(500);

static COLD: AtomicBool = AtomicBool::new(true);

tokio::task_local! {
    static CURRENT: Arc<Invocation>;
}

/// How an invocation ended, which decides the level of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The work was done.
    Ok,
    /// The request was refused as expected.
    Refused,
    /// Some records of the batch are too early and will be redelivered; nothing failed.
    Deferred,
    /// Some records of the batch will be redelivered.
    Partial,
    /// The work could not be done.
    Failed,
}

impl Outcome {
    fn level(self) -> &'static str {
        match self {
            Self::Ok | Self::Refused | Self::Deferred => "INFO",
            Self::Partial => "WARN",
            Self::Failed => "ERROR",
        }
    }
}

/// One invocation, with the log fields and metrics collected so far.
#[derive(Debug)]
pub(crate) struct Invocation {
    request_id: String,
    function_arn: String,
    cold_start: bool,
    started: Instant,
    deadline: Option<Instant>,
    collected: Mutex<Collected>,
}

/// What the code of an invocation has added to its line.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) fields: Fields,
    pub(super) metrics: Metrics,
    #[cfg(feature = "tracing")]
    pub(super) events: Events,
}

impl Invocation {
    /// Begins an invocation; without a context (in tests) it has no deadline.
    pub(crate) fn begin(context: Option<&Context>) -> Arc<Self> {
        let started = Instant::now();
        // A deadline in the past is ignored, because emulators send such deadlines.
        let left = context.and_then(|context| context.deadline().duration_since(SystemTime::now()).ok());
        let deadline = left.map(|left| started + left.saturating_sub(RESERVE));
        Arc::new(Self {
            request_id: context.map(|context| context.request_id.clone()).unwrap_or_default(),
            function_arn: context.map(|context| context.invoked_function_arn.clone()).unwrap_or_default(),
            cold_start: COLD.swap(false, Ordering::Relaxed),
            started,
            deadline,
            collected: Mutex::default(),
        })
    }

    /// Runs work with this invocation as the current one; `None` if the deadline came first and the
    /// work was cancelled.
    pub(crate) async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Option<T> {
        let done = self.run_parts(within_deadline(work)).await;
        if let Err(reached) = done
            && let Ok(error) = to_raw_value(&reached.to_string())
        {
            self.collected().fields.add("error", error);
        }
        done.ok()
    }

    /// Runs work with this invocation as the current one. The parts of the work apply the deadline
    /// themselves, each [within it](within_deadline), so that finished parts are reported.
    pub(crate) async fn run_parts<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Arc::clone(self), work).await
    }

    /// Runs synchronous code with this invocation as the current one.
    #[cfg(any(test, feature = "http", feature = "outbox"))]
    pub(crate) fn scope<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(Arc::clone(self), work)
    }

    /// Writes the log line.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.line(Source::get(), outcome).write();
    }

    pub(super) fn line(&self, source: Option<&Source>, outcome: Outcome) -> Line {
        self.line_of(source, &self.collected(), None, outcome)
    }

    /// The line of an invocation that panics. The panicking code may hold the lock, so the line
    /// goes without what was collected rather than wait for it.
    pub(super) fn panic_line(&self, source: Option<&Source>, error: &str) -> Line {
        let nothing = Collected::default();
        let collected = self.collected.try_lock();
        let collected = match &collected {
            Ok(collected) => collected,
            Err(TryLockError::Poisoned(collected)) => collected.get_ref(),
            Err(TryLockError::WouldBlock) => &nothing,
        };
        self.line_of(source, collected, Some(error), Outcome::Failed)
    }

    fn line_of(
        &self,
        source: Option<&Source>,
        collected: &Collected,
        error: Option<&str>,
        outcome: Outcome,
    ) -> Line {
        let mut line = Line::default();
        line.add("timestamp", &line::now());
        let level = outcome.level();
        #[cfg(feature = "tracing")]
        let level = collected.events.level_of(level);
        line.add("level", level);
        if let Some(source) = source {
            source.add_to(&mut line);
        }
        line.add("requestId", &self.request_id);
        line.add("coldStart", &self.cold_start);
        collected.fields.add_to(&mut line);
        if let Some(error) = error {
            line.add("error", error);
        }
        line.add("outcome", &outcome);
        line.add("durationMs", &self.elapsed_ms());
        #[cfg(feature = "tracing")]
        collected.events.add_to(&mut line, matches!(outcome, Outcome::Partial | Outcome::Failed));
        collected.metrics.add_to(&mut line, source);
        line
    }

    /// Milliseconds since the invocation began.
    pub(super) fn elapsed_ms(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }

    pub(super) fn collected(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The deadline of an invocation was reached before its work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline came first")]
pub(crate) struct DeadlineReached;

/// Runs a part of the current invocation's work, and cancels it at the deadline.
pub(crate) async fn within_deadline<T>(work: impl Future<Output = T>) -> Result<T, DeadlineReached> {
    let Some(deadline) = with_current(|invocation| invocation.deadline).flatten() else {
        return Ok(work.await);
    };
    tokio::time::timeout_at(deadline.into(), work).await.map_err(|_| DeadlineReached)
}

/// Reads from or adds to the current invocation; `None` outside of one.
pub(super) fn with_current<T>(access: impl FnOnce(&Invocation) -> T) -> Option<T> {
    CURRENT.try_with(|invocation| access(invocation)).ok()
}

/// Lambda's id for the current invocation; empty outside of one.
#[must_use]
pub fn request_id() -> String {
    with_current(|invocation| invocation.request_id.clone()).unwrap_or_default()
}

/// The ARN by which the current invocation called the function; empty outside of one.
#[must_use]
pub fn function_arn() -> String {
    with_current(|invocation| invocation.function_arn.clone()).unwrap_or_default()
}

/// An invocation's context that leaves its work this many milliseconds.
#[cfg(test)]
pub(crate) fn context_of(millis: u64) -> Context {
    let mut context = Context::default();
    let reserve = u64::try_from(RESERVE.as_millis()).unwrap_or_default();
    context.deadline =
        u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap_or_default() + reserve + millis;
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_reaches_the_deadline_is_given_up() {
        let invocation = Invocation::begin(Some(&context_of(100)));
        assert!(invocation.run(std::future::pending::<()>()).await.is_none());
        assert!(invocation.line(None, Outcome::Failed).to_json().contains("the deadline came first"));
    }

    #[tokio::test]
    async fn a_deadline_that_is_past_from_the_start_is_none() {
        let invocation = Invocation::begin(Some(&Context::default()));
        assert!(invocation.run(tokio::time::sleep(Duration::from_millis(1))).await.is_some());
    }
}
