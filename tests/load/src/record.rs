//! Latencies of a run, in total and by second.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The measured steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Browse,
    Look,
    Add,
    Basket,
    Checkout,
    Order,
    /// From the response of a checkout until the customer sees the order.
    CheckoutToOrder,
    /// From a customer's planned start until they see their order.
    Journey,
}

impl Step {
    pub fn shown(self) -> &'static str {
        match self {
            Self::Browse => "GET /product",
            Self::Look => "GET /product/{id}",
            Self::Add => "POST /basket/{userName}/items",
            Self::Basket => "GET /basket/{userName}",
            Self::Checkout => "POST /basket/checkout",
            Self::Order => "GET /order/{userName}/{orderId}",
            Self::CheckoutToOrder => "from checkout to order",
            Self::Journey => "whole journey",
        }
    }

    fn is_request(self) -> bool {
        !matches!(self, Self::CheckoutToOrder | Self::Journey)
    }
}

/// Microseconds.
type Times = Histogram<u64>;

/// The results of the requests that ended in one second.
#[derive(Clone, Debug, Default)]
pub struct Second {
    pub requests: Option<Times>,
    pub orders: Option<Times>,
    pub failed: u64,
}

#[derive(Clone)]
struct State {
    start: Instant,
    end: Instant,
    came: u64,
    /// The maximum delay of the load generator itself.
    late: Duration,
    steps: BTreeMap<Step, Times>,
    errors: BTreeMap<(Step, String), u64>,
    seconds: BTreeMap<u64, Second>,
    accepted: BTreeSet<String>,
    unanswered_checkouts: u64,
}

pub struct Record {
    state: Mutex<State>,
}

impl Record {
    pub fn new(start: Instant) -> Self {
        Self::of(State {
            start,
            end: start,
            came: 0,
            late: Duration::ZERO,
            steps: BTreeMap::new(),
            errors: BTreeMap::new(),
            seconds: BTreeMap::new(),
            accepted: BTreeSet::new(),
            unanswered_checkouts: 0,
        })
    }

    fn of(state: State) -> Self {
        Self { state: Mutex::new(state) }
    }

    /// The current results, while the run continues.
    pub fn snapshot(&self) -> Self {
        Self::of(self.state().clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a customer started who was planned for this time.
    pub fn came(&self, meant: Instant) {
        let mut state = self.state();
        state.came += 1;
        state.late = state.late.max(meant.elapsed());
    }

    /// Records a successful step that was planned to start at this time.
    pub fn took(&self, step: Step, meant: Instant) {
        let mut state = self.state();
        state.add(step, Instant::now(), meant.elapsed());
    }

    pub fn failed(&self, step: Step, how: &str) {
        let mut state = self.state();
        *state.errors.entry((step, how.to_owned())).or_default() += 1;
        state.second(Instant::now()).failed += 1;
    }

    /// Records a failed step whose effect is unknown.
    pub fn unanswered(&self, step: Step, how: &str) {
        self.failed(step, how);
        self.state().unanswered_checkouts += u64::from(step == Step::Checkout);
    }

    pub fn accepted(&self, order: &str) {
        self.state().accepted.insert(order.to_owned());
    }

    pub fn orders(&self) -> BTreeSet<String> {
        self.state().accepted.clone()
    }

    pub fn unanswered_checkouts(&self) -> u64 {
        self.state().unanswered_checkouts
    }

    /// Every second of the run, including those in which no request ended.
    pub fn seconds(&self) -> Vec<Second> {
        let seconds = &self.state().seconds;
        let last = seconds.keys().next_back().copied().unwrap_or_default();
        (0..=last).map(|second| seconds.get(&second).cloned().unwrap_or_default()).collect()
    }

    pub fn progress(&self, done: usize, all: usize) -> String {
        let state = self.state();
        let came = usize::try_from(state.came).unwrap_or(usize::MAX);
        let errors: u64 = state.errors.values().sum();
        let journey = state.steps.get(&Step::Journey);
        let p99 = journey.map_or("-".to_owned(), |times| milliseconds(times.value_at_quantile(0.99)));
        format!(
            "{:4} s  {came} of {all} came  {} in the shop  {errors} errors  journey p99 {p99} ms",
            state.start.elapsed().as_secs(),
            came.saturating_sub(done),
        )
    }

    pub fn table(&self) -> String {
        let state = self.state();
        let mut text = format!(
            "{:32} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
            "ms", "count", "errors", "p50", "p90", "p99", "most"
        );
        let failed: BTreeSet<Step> = state.errors.keys().map(|(step, _)| *step).collect();
        let steps: BTreeSet<Step> = state.steps.keys().copied().chain(failed).collect();
        for step in steps {
            let times = state.steps.get(&step);
            let at = |quantile| {
                times.map_or("-".to_owned(), |times| milliseconds(times.value_at_quantile(quantile)))
            };
            let errors: u64 =
                state.errors.iter().filter(|((of, _), _)| *of == step).map(|(_, count)| count).sum();
            let count = times.map_or(0, Times::len);
            let row = format!(
                "{count:>8} {errors:>8} {:>8} {:>8} {:>8} {:>8}",
                at(0.5),
                at(0.9),
                at(0.99),
                at(1.0)
            );
            // Writing to a string cannot fail.
            let _fine = writeln!(text, "{:32} {row}", step.shown());
        }
        for ((step, how), count) in &state.errors {
            let _fine = writeln!(text, "{count} x {}: {how}", step.shown());
        }
        text
    }

    /// The throughput of the run.
    pub fn summary(&self) -> String {
        let state = self.state();
        let count = |wanted: fn(Step) -> bool| -> u64 {
            state.steps.iter().filter(|(step, _)| wanted(**step)).map(|(_, times)| times.len()).sum()
        };
        let seconds = state.end.duration_since(state.start).as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
        let a_second = |count: u64| count as f64 / seconds;
        let (requests, journeys) = (count(Step::is_request), count(|step| step == Step::Journey));
        format!(
            "{journeys} of {} customers got their order in {seconds:.0} s: {:.1} orders and {:.0} requests a second\n\
             the load came at most {} ms late",
            state.came,
            a_second(journeys),
            a_second(requests),
            state.late.as_millis(),
        )
    }

    pub fn json(&self) -> Value {
        let state = self.state();
        let times = |times: &Times| {
            json!({
                "count": times.len(), "p50Us": times.value_at_quantile(0.5), "p90Us": times.value_at_quantile(0.9),
                "p99Us": times.value_at_quantile(0.99), "maxUs": times.max(),
            })
        };
        let steps: serde_json::Map<_, _> =
            state.steps.iter().map(|(step, of)| (step.shown().to_owned(), times(of))).collect();
        let errors: Vec<_> = state
            .errors
            .iter()
            .map(|((step, how), count)| json!({ "step": step.shown(), "how": how, "count": count }))
            .collect();
        json!({
            "customers": state.came,
            "seconds": state.end.duration_since(state.start).as_secs_f64(),
            "lateMs": state.late.as_secs_f64() * 1000.0,
            "steps": steps,
            "errors": errors,
        })
    }
}

impl State {
    fn second(&mut self, now: Instant) -> &mut Second {
        self.end = self.end.max(now);
        self.seconds.entry(now.duration_since(self.start).as_secs()).or_default()
    }

    fn add(&mut self, step: Step, now: Instant, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.steps.entry(step).or_insert_with(times).saturating_record(micros);
        let second = self.second(now);
        let series = match step {
            Step::Journey => return,
            Step::CheckoutToOrder => &mut second.orders,
            _ => &mut second.requests,
        };
        series.get_or_insert_with(times).saturating_record(micros);
    }
}

/// A histogram for times of up to ten minutes, with three significant digits.
#[expect(clippy::expect_used, reason = "the bounds are constants that the crate takes")]
pub fn times() -> Times {
    Times::new_with_bounds(1, 600_000_000, 3).expect("a histogram")
}

fn milliseconds(micros: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
    let milliseconds = micros as f64 / 1000.0;
    format!("{milliseconds:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_counts_from_when_a_customer_meant_to_start() {
        let start = Instant::now();
        let record = Record::new(start);
        tokio::time::advance(Duration::from_millis(300)).await;
        // The customer starts 200 ms late, and the response arrives at once.
        record.came(start + Duration::from_millis(100));
        record.took(Step::Browse, start + Duration::from_millis(100));
        let json = record.json();
        let browse = json["steps"]["GET /product"]["p50Us"].as_u64().unwrap_or_default();
        assert!((199_000..201_000).contains(&browse), "{browse}");
        assert!(record.summary().contains("at most 200 ms late"), "{}", record.summary());
    }

    #[tokio::test(start_paused = true)]
    async fn every_second_of_a_run_is_there() {
        let start = Instant::now();
        let record = Record::new(start);
        record.took(Step::Browse, start);
        tokio::time::advance(Duration::from_millis(2500)).await;
        record.failed(Step::Checkout, "503");
        let seconds = record.seconds();
        assert_eq!(seconds.iter().map(|second| second.failed).collect::<Vec<_>>(), [0, 0, 1]);
        assert!(seconds[0].requests.is_some() && seconds[1].requests.is_none());
        assert!(record.table().contains("1 x POST /basket/checkout: 503"), "{}", record.table());
    }

    #[test]
    fn only_checkouts_without_an_answer_leave_a_doubt() {
        let record = Record::new(Instant::now());
        record.unanswered(Step::Add, "no answer in time");
        record.unanswered(Step::Checkout, "no answer in time");
        record.failed(Step::Checkout, "409");
        assert_eq!(record.unanswered_checkouts(), 1);
    }
}
