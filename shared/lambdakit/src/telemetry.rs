//! Writes one JSON log line per invocation. It contains the business metrics, which CloudWatch
//! extracts from the line (embedded metric format).
//!
//! Code adds fields and metrics to the line ([`field`], [`count`], [`measure`]). The line is
//! written when the invocation ends. No handler logs whole events.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime};

use chrono::{SecondsFormat, Utc};
use lambda_runtime::Context;
use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::config::{self, ConfigError};

/// Time reserved before an invocation's deadline, to respond and to write the log line.
const RESERVE: Duration = Duration::from_millis(500);

const CORRELATION_ID: &str = "correlationId";

static SOURCE: OnceLock<Source> = OnceLock::new();
static COLD: AtomicBool = AtomicBool::new(true);

tokio::task_local! {
    static CURRENT: Arc<Invocation>;
}

/// The source of a log line: the fields that every line of this function has.
#[derive(Debug, Serialize)]
struct Source {
    service: String,
    stage: String,
    function: String,
    #[serde(skip)]
    namespace: String,
}

/// Reads the source of log lines from `SERVICE`, `STAGE`, `METRICS_NAMESPACE` and
/// `AWS_LAMBDA_FUNCTION_NAME`.
pub(crate) fn init() -> Result<(), ConfigError> {
    let source = Source {
        service: config::required("SERVICE")?,
        stage: config::required("STAGE")?,
        namespace: config::required("METRICS_NAMESPACE")?,
        function: config::required("AWS_LAMBDA_FUNCTION_NAME")?,
    };
    // Set once per process; a second init would read the same values.
    SOURCE.get_or_init(|| {
        panic::set_hook(Box::new(log_panic));
        source
    });
    Ok(())
}

/// Writes the log line of an invocation that panics, whether the panic unwinds or aborts the
/// process: the hook runs before either. It replaces the hook of the standard library, whose text
/// on stderr has no request id.
#[expect(clippy::print_stdout, reason = "Lambda collects its logs from stdout")]
fn log_panic(panic: &PanicHookInfo) {
    println!("{}", panic_line(SOURCE.get(), panic));
}

fn panic_line(source: Option<&Source>, panic: &PanicHookInfo) -> String {
    let place = panic.location().map_or_else(String::new, |location| format!(" at {location}"));
    // A formatted message may contain customer data: an index within a text, for example, shows the
    // text.
    let message = panic.payload().downcast_ref::<&'static str>().unwrap_or(&"its message may hold data");
    let error = format!("panicked{place}: {message}");
    // Outside an invocation, the line has only the error.
    let invocation = CURRENT.try_with(Arc::clone).unwrap_or_else(|_| Invocation::begin(None));
    // The panicking code may hold the lock, so do not wait for it here.
    let empty = Said::default();
    let said = invocation.said.try_lock();
    let said = match &said {
        Ok(said) => said,
        Err(TryLockError::Poisoned(said)) => said.get_ref(),
        Err(TryLockError::WouldBlock) => &empty,
    };
    invocation.line_of(source, said, Some(&error), Outcome::Failed)
}

/// Logs why a function could not start.
#[expect(clippy::print_stdout, reason = "Lambda collects its logs from stdout")]
pub(crate) fn init_failed(error: &dyn Display) {
    println!("{}", json!({ "timestamp": now(), "level": "ERROR", "message": error.to_string() }));
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
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    /// Fields that can have several values in a batch, by their singular name.
    sets: BTreeMap<&'static str, BTreeSet<String>>,
    notes: Vec<(Cow<'static, str>, Box<RawValue>)>,
    metrics: BTreeMap<&'static str, Metric>,
}

#[derive(Debug)]
struct Metric {
    unit: &'static str,
    /// For example one per message of a batch; the embedded metric format allows up to 100.
    values: Vec<Box<RawValue>>,
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
            said: Mutex::default(),
        })
    }

    /// Runs work with this invocation as the current one; `None` if the deadline came first and the
    /// work was cancelled.
    pub(crate) async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Option<T> {
        let done = self.run_parts(within_deadline(work)).await;
        if done.is_err() {
            self.scope(|| field("error", &DeadlineReached.to_string()));
        }
        done.ok()
    }

    /// Runs work with this invocation as the current one. The parts of the work apply the deadline
    /// themselves, each [within it](within_deadline), so that finished parts are reported.
    pub(crate) async fn run_parts<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Arc::clone(self), work).await
    }

    /// Runs synchronous code with this invocation as the current one.
    pub(crate) fn scope<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(Arc::clone(self), work)
    }

    /// Writes the log line.
    #[expect(clippy::print_stdout, reason = "Lambda collects its logs from stdout")]
    pub(crate) fn end(&self, outcome: Outcome) {
        println!("{}", self.line(SOURCE.get(), outcome));
    }

    fn line(&self, source: Option<&Source>, outcome: Outcome) -> String {
        self.line_of(source, &self.said(), None, outcome)
    }

    fn line_of(&self, source: Option<&Source>, said: &Said, panic: Option<&str>, outcome: Outcome) -> String {
        let mut line = Line::default();
        line.add("timestamp", &now());
        line.add("level", outcome.level());
        if let Some(source) = source {
            line.add("service", &source.service);
            line.add("stage", &source.stage);
            line.add("function", &source.function);
        }
        line.add("requestId", &self.request_id);
        line.add("coldStart", &self.cold_start);
        for (name, values) in &said.sets {
            match values.len() {
                1 => line.add(*name, &values.first()),
                _ => line.add(format!("{name}s"), values),
            }
        }
        line.0.extend(said.notes.iter().cloned());
        if let Some(panic) = panic {
            line.add("error", panic);
        }
        line.add("outcome", &outcome);
        line.add("durationMs", &((self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3));
        if let Some(source) = source.filter(|_| !said.metrics.is_empty()) {
            let names: Vec<_> = said
                .metrics
                .iter()
                .map(|(name, metric)| json!({ "Name": name, "Unit": metric.unit }))
                .collect();
            for (name, Metric { values, .. }) in &said.metrics {
                match values.as_slice() {
                    [value] => line.add(*name, value),
                    values => line.add(*name, values),
                }
            }
            line.add(
                "_aws",
                &json!({
                    "Timestamp": Utc::now().timestamp_millis(),
                    "CloudWatchMetrics": [{
                        "Namespace": source.namespace,
                        "Dimensions": [["service", "stage"]],
                        "Metrics": names,
                    }],
                }),
            );
        }
        serde_json::to_string(&line).unwrap_or_else(|error| format!("{{\"logError\":\"{error}\"}}"))
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Fields in the order they were added, values as they were serialized.
#[derive(Default)]
struct Line(Vec<(Cow<'static, str>, Box<RawValue>)>);

impl Line {
    fn add(&mut self, name: impl Into<Cow<'static, str>>, value: &(impl Serialize + ?Sized)) {
        // A field that cannot be serialized is omitted, so that the rest of the line is written.
        self.0.extend(to_raw_value(value).ok().map(|value| (name.into(), value)));
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn with_current<T>(read: impl FnOnce(&Invocation) -> T) -> Option<T> {
    CURRENT.try_with(|invocation| read(invocation)).ok()
}

/// Types that may be logged. Domain types are not among them: to log a part of one, convert it
/// explicitly into one of these types. Types that hide their content cannot be converted.
pub trait Loggable: Serialize {}

impl Loggable for str {}
impl Loggable for String {}
impl Loggable for bool {}
impl Loggable for u16 {}
impl Loggable for u64 {}
impl Loggable for usize {}
impl Loggable for f64 {}
impl<T: Loggable> Loggable for Vec<T> {}

/// Adds a field to the invocation's log line. It must not contain secrets or personal data. A field
/// that cannot be serialized, or is added outside an invocation, is omitted: logging never fails
/// the work.
pub fn field(name: &'static str, value: &(impl Loggable + ?Sized)) {
    if let Ok(value) = to_raw_value(value) {
        with_current(|invocation| invocation.said().notes.push((name.into(), value)));
    }
}

/// Adds a count to the business metrics: an event happened `times` times.
pub fn count(name: &'static str, times: usize) {
    metric(name, "Count", &times);
}

/// Adds a number without a CloudWatch unit, such as money, to the business metrics.
pub fn measure(name: &'static str, value: &impl Serialize) {
    metric(name, "None", value);
}

fn metric(name: &'static str, unit: &'static str, value: &impl Serialize) {
    if let Ok(value) = to_raw_value(value) {
        with_current(|invocation| {
            let mut said = invocation.said();
            said.metrics.entry(name).or_insert(Metric { unit, values: Vec::new() }).values.push(value);
        });
    }
}

/// Adds the correlation id of the client request that the work belongs to.
pub fn correlate(correlation_id: &str) {
    add_to_set(CORRELATION_ID, correlation_id);
}

/// Adds the type of the event that is handled.
pub fn event(name: &str) {
    add_to_set("event", name);
}

/// Adds one of the values of a field that can have several.
pub(crate) fn add_to_set(name: &'static str, value: &str) {
    with_current(|invocation| invocation.said().sets.entry(name).or_default().insert(value.to_owned()));
}

/// An error with its chain of causes, for the log line.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut causes = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        causes = format!("{causes}: {error}");
        next = error.source();
    }
    causes
}

/// The id that all work for one client request shares; empty outside an invocation.
#[must_use]
pub fn correlation_id() -> String {
    with_current(|invocation| invocation.said().sets.get(CORRELATION_ID)?.first().cloned())
        .flatten()
        .unwrap_or_default()
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
    context.deadline = u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default() + reserve + millis;
    context
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    async fn line_of(work: impl Future<Output = ()>) -> Value {
        let invocation = Invocation::begin(None);
        invocation.run(work).await.unwrap();
        let source = Source {
            service: "basket".to_owned(),
            stage: "test".to_owned(),
            function: "basket-api".to_owned(),
            namespace: "Shop".to_owned(),
        };
        serde_json::from_str(&invocation.line(Some(&source), Outcome::Ok)).unwrap()
    }

    #[tokio::test]
    async fn a_line_says_who_what_and_how_it_ended() {
        let line = line_of(async {
            correlate("c-1");
            field("route", "GET /basket/{userName}");
        })
        .await;
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["service"], "basket");
        assert_eq!(line["correlationId"], "c-1");
        assert_eq!(line["route"], "GET /basket/{userName}");
        assert_eq!(line["outcome"], "ok");
        assert!(line["durationMs"].is_number() && line["coldStart"].is_boolean());
        assert!(line.get("_aws").is_none());
    }

    #[tokio::test]
    async fn metrics_follow_the_embedded_metric_format() {
        let line = line_of(async {
            count("Checkouts", 1);
            measure("Revenue", &2770.5);
            measure("Revenue", &10);
        })
        .await;
        assert_eq!(line["Checkouts"], 1);
        assert_eq!(line["Revenue"], json!([2770.5, 10]), "one value for each message of a batch");
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "Shop");
        assert_eq!(metrics["Dimensions"], json!([["service", "stage"]]));
        assert_eq!(metrics["Metrics"][1], json!({ "Name": "Revenue", "Unit": "None" }));
        assert!(line["_aws"]["Timestamp"].is_u64());
    }

    #[tokio::test]
    async fn a_batch_of_many_requests_lists_them_all() {
        let line = line_of(async {
            correlate("c-2");
            correlate("c-1");
            correlate("c-2");
            event("ProductCreated");
        })
        .await;
        assert_eq!(line["correlationIds"], json!(["c-1", "c-2"]));
        assert_eq!(line["event"], "ProductCreated");
    }

    #[tokio::test]
    async fn work_that_reaches_the_deadline_is_given_up() {
        let invocation = Invocation::begin(Some(&context_of(100)));
        assert!(invocation.run(std::future::pending::<()>()).await.is_none());
        assert!(invocation.line(None, Outcome::Failed).contains("the deadline came first"));
    }

    /// The test below runs this one alone in its own process, because a panic hook applies to the
    /// whole process.
    #[tokio::test]
    #[ignore = "panics"]
    async fn panics_in_an_invocation() {
        let source = |name: &str| name.to_owned();
        SOURCE.get_or_init(|| Source {
            service: source("basket"),
            stage: source("test"),
            function: source("basket-api"),
            namespace: source("Shop"),
        });
        panic::set_hook(Box::new(log_panic));
        let mut context = Context::default();
        context.request_id = "request-1".to_owned();
        let invocation = Invocation::begin(Some(&context));
        let work = invocation.run(async {
            correlate("c-1");
            field("route", "GET /basket");
            let is_set = |variable| std::env::var_os(variable).is_some();
            let _held = is_set("PANIC_WHILE_LOCKED").then(|| invocation.said.lock());
            assert!(!is_set("PANIC_WITH_DATA"), "grace@example.com {}", invocation.request_id);
            panic!("the shelf \"A\" is empty");
        });
        work.await;
    }

    #[test]
    fn a_panic_is_one_log_line_that_names_its_request() {
        for variable in ["PANIC", "PANIC_WHILE_LOCKED", "PANIC_WITH_DATA"] {
            let mut test = std::process::Command::new(std::env::current_exe().unwrap());
            test.args(["--exact", "--ignored", "--nocapture", "telemetry::tests::panics_in_an_invocation"]);
            let output = test.env(variable, "1").output().unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let lines: Vec<_> = said.lines().filter(|line| line.contains("panicked")).collect();
            let [line] = lines[..] else { panic!("not one line: {said}") };
            // The test runner has already started this line.
            let line: Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
            assert_eq!((&line["level"], &line["outcome"]), (&json!("ERROR"), &json!("failed")));
            assert_eq!(line["requestId"], "request-1");
            let error = line["error"].as_str().unwrap();
            assert!(error.starts_with("panicked at ") && error.contains("telemetry.rs:"), "{error}");
            let literal = variable != "PANIC_WITH_DATA";
            assert_eq!(error.ends_with(": the shelf \"A\" is empty"), literal, "{error}");
            assert!(!said.contains("grace@"), "{said}");
            if variable != "PANIC_WHILE_LOCKED" {
                assert_eq!((&line["route"], &line["correlationId"]), (&json!("GET /basket"), &json!("c-1")));
            }
        }
    }

    #[tokio::test]
    async fn a_deadline_that_is_past_from_the_start_is_none() {
        let invocation = Invocation::begin(Some(&Context::default()));
        assert!(invocation.run(tokio::time::sleep(Duration::from_millis(1))).await.is_some());
    }
}
