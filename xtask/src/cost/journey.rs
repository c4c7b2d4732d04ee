//! What one order takes of AWS: the requests that lead to it, and what follows.
//!
//! AWS calls, processor time and bytes are those of a run of `cargo xtask bench`; capacity units follow from how the
//! stores read and write (`docs/data.md`) and from the sizes of items, which `cargo xtask bench --growth` counts.

use anyhow::Result;

use super::prices::Item;
use super::run::{Measured, Run};

/// 730 hours.
pub const SECONDS: f64 = 2_628_000.0;

const GIGABYTE: f64 = 1e9;
/// Of every function: `rust-function.ts`.
const MEMORY_GB: f64 = 0.25;
/// The share of a processor that comes with 256 MB: a whole one comes with 1,769 MB.
const PROCESSOR: f64 = 256.0 / 1769.0;
/// Assumed of a call of a function to an AWS service in its region, when the connection is there.
const CALL_MS: f64 = 5.0;
/// Assumed: one invocation in a hundred is a cold start of 50 ms, which is billed.
const COLD_START_MS: f64 = 0.01 * 50.0;
/// What Lambda writes around a function's line (START, END, REPORT), and 26 bytes that are billed with each of the four.
const LAMBDA_LOG_BYTES: f64 = 390.0;
/// The gateway's line about a request.
const ACCESS_LOG_BYTES: f64 = 290.0;
/// What the gateway says beside the function: the status, the date, the length, and ids of the request.
const GATEWAY_HEADER_BYTES: f64 = 300.0;
/// An order in its table and in its index, and a week of it in the outbox.
const STORED_BYTES: f64 = 2000.0;
/// Into the queue, out of it, and deleted; at a low rate each order has a batch of its own.
const QUEUE_REQUESTS: f64 = 3.0;

/// Queues that Lambda polls.
const QUEUES: f64 = 9.0;
/// Five connections to each queue, each of which asks every 20 seconds. AWS does not say so: others have counted 10 to 15
/// empty answers a minute.
const POLLS_PER_MINUTE: f64 = 15.0;
/// Metrics behind the alarms of a stage.
const ALARM_METRICS: f64 = 42.0;

/// What an invocation uses of a table, or of an index as `table/index`, in DynamoDB's units.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub table: &'static str,
    pub reads: f64,
    pub writes: f64,
}

/// A function that is invoked on the way to an order, or after it.
pub struct Stop {
    pub name: &'static str,
    /// Per order.
    pub times: f64,
    /// As the benchmark calls it.
    path: &'static str,
    uses: &'static [Use],
}

const fn read(table: &'static str, reads: f64) -> Use {
    Use { table, reads, writes: 0.0 }
}

const fn written(table: &'static str, writes: f64) -> Use {
    Use { table, reads: 0.0, writes }
}

/// A customer looks at three pages and seven products, puts three into the basket, looks at it twice, checks out with
/// an idempotency key, and asks for the order twice. Signing in is between the browser and Cognito. (The benchmark's
/// baskets are of two lines; a third one takes 5 us.)
const STOPS: [Stop; 8] = [
    Stop {
        name: "GET /product",
        times: 3.0,
        path: "GET /product",
        // Twenty products of 360 bytes, eventually consistent.
        uses: &[read("product", 1.0)],
    },
    Stop { name: "GET /product/{id}", times: 7.0, path: "GET /product/{id}", uses: &[read("product", 1.0)] },
    Stop {
        name: "POST /basket/{userName}/items",
        times: 3.0,
        path: "POST /basket/{userName}/items, 2 lines",
        // The new product's price and, on average, two in the basket: half a unit each.
        uses: &[Use { table: "basket", reads: 1.0, writes: 1.0 }, read("price", 1.5)],
    },
    Stop {
        name: "GET /basket/{userName}",
        times: 2.0,
        path: "GET /basket/{userName}, 2 lines",
        uses: &[read("basket", 1.0), read("price", 1.5)],
    },
    Stop {
        name: "POST /basket/checkout",
        times: 1.0,
        path: "POST /basket/checkout, 2 lines",
        // A transaction writes twice. With a long address and long names the outbox's item is over 1 KB.
        uses: &[
            Use { table: "basket", reads: 1.0, writes: 2.0 },
            read("price", 1.5),
            written("checkout", 4.0),
            written("idempotency", 2.0),
        ],
    },
    Stop {
        name: "GET /order/{userName}/{orderId}",
        times: 2.0,
        path: "GET /order/{userName}/{orderId}",
        uses: &[read("order", 0.5)],
    },
    Stop { name: "basket-checkouts", times: 1.0, path: "basket-checkouts, 1 checkout", uses: &[] },
    Stop {
        name: "ordering-consumer",
        times: 1.0,
        path: "order consumer, 1 message",
        uses: &[written("order", 1.0), written("order/by-status", 1.0)],
    },
];

/// What an order uses of a table or an index.
pub fn units(table: &str) -> (f64, f64) {
    let of = |part: fn(&Use) -> f64| {
        let uses = |stop: &Stop| stop.uses.iter().filter(|one| one.table == table).map(part).sum::<f64>();
        STOPS.iter().map(|stop| stop.times * uses(stop)).sum()
    };
    (of(|one| one.reads), of(|one| one.writes))
}

/// How often an order calls a route or invokes a function.
pub fn times(name: &str) -> f64 {
    STOPS.iter().filter(|stop| stop.name == name).map(|stop| stop.times).sum()
}

/// The way to an order, with what was measured at each stop.
pub struct Journey {
    pub steps: Vec<Step>,
}

/// An invocation of a function.
pub struct Step {
    pub stop: &'static Stop,
    measured: Measured,
}

impl Journey {
    /// With what a run has measured.
    ///
    /// # Errors
    /// When the run lacks a path.
    pub fn of(run: &Run) -> Result<Self> {
        let step = |stop: &'static Stop| Ok(Step { stop, measured: run.of(stop.path)?.clone() });
        Ok(Self { steps: STOPS.iter().map(step).collect::<Result<_>>()? })
    }

    /// The sum of something over all invocations for an order.
    pub fn per_order(&self, of_step: impl Fn(&Step) -> f64) -> f64 {
        self.steps.iter().map(|step| step.stop.times * of_step(step)).sum()
    }

    /// Seconds that functions are at work for an order.
    pub fn busy_seconds(&self) -> f64 {
        self.per_order(Step::billed_ms) / 1000.0
    }

    /// How much of an item each order takes; of users, when each has so many orders a month.
    pub fn each(&self, item: Item, orders_per_customer: f64) -> f64 {
        match item {
            Item::ApiRequests => self.per_order(|step| f64::from(u8::from(step.answer_bytes().is_some()))),
            Item::LambdaRequests => self.per_order(|_| 1.0),
            Item::LambdaGbSeconds => self.per_order(Step::gb_ms) / 1000.0,
            Item::DynamodbReads => self.per_order(Step::reads),
            Item::DynamodbWrites => self.per_order(Step::writes),
            Item::DynamodbGigabytes => STORED_BYTES / GIGABYTE,
            Item::Events => times("basket-checkouts"),
            Item::SqsRequests => times("ordering-consumer") * QUEUE_REQUESTS,
            Item::LogGigabytes => self.per_order(Step::log_bytes) / GIGABYTE,
            Item::Customers => 1.0 / orders_per_customer,
            Item::AlarmMetrics => 0.0,
            Item::GigabytesOut => self.per_order(|step| step.answer_bytes().unwrap_or_default()) / GIGABYTE,
        }
    }
}

impl Step {
    /// AWS calls, one after the other.
    pub fn calls(&self) -> f64 {
        self.measured.calls.values().sum()
    }

    /// Milliseconds of a whole processor.
    pub fn cpu_ms(&self) -> f64 {
        self.measured.warm_cpu / 1000.0
    }

    pub fn gb_ms(&self) -> f64 {
        self.billed_ms() * MEMORY_GB
    }

    pub fn reads(&self) -> f64 {
        self.stop.uses.iter().map(|one| one.reads).sum()
    }

    pub fn writes(&self) -> f64 {
        self.stop.uses.iter().map(|one| one.writes).sum()
    }

    /// With what Lambda and the gateway write about it.
    pub fn log_bytes(&self) -> f64 {
        let access = if self.answer_bytes().is_some() { ACCESS_LOG_BYTES } else { 0.0 };
        self.measured.bytes_logged + LAMBDA_LOG_BYTES + access
    }

    /// As the gateway sends them; none of what nobody asked for through the API.
    pub fn answer_bytes(&self) -> Option<f64> {
        self.measured.bytes_answered.map(|bytes| bytes + GATEWAY_HEADER_BYTES)
    }

    /// How long an invocation takes; Lambda bills whole milliseconds.
    fn billed_ms(&self) -> f64 {
        (self.calls() * CALL_MS + self.cpu_ms() / PROCESSOR).ceil() + COLD_START_MS
    }
}

/// How much of an item a stage takes each month without any order.
pub fn idle(item: Item) -> f64 {
    match item {
        Item::SqsRequests => QUEUES * POLLS_PER_MINUTE * SECONDS / 60.0,
        Item::AlarmMetrics => ALARM_METRICS,
        _ => 0.0,
    }
}

#[cfg(test)]
impl Journey {
    /// Of a run in which each invocation takes one AWS call, 120 us, 400 bytes of log and an answer of 700 bytes.
    pub fn sample() -> Self {
        let measured = Measured {
            warm_cpu: 120.0,
            bytes_logged: 400.0,
            bytes_answered: Some(700.0),
            calls: [("GetItem T".to_owned(), 1.0)].into(),
        };
        Self::of(&Run::of_each(STOPS.iter().map(|stop| stop.path), &measured)).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn about(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_journey_is_eighteen_requests_and_two_functions_behind_them() {
        let journey = Journey::sample();
        assert!(about(journey.each(Item::ApiRequests, 1.0), 18.0));
        assert!(about(journey.each(Item::LambdaRequests, 1.0), 20.0));
        assert!(about(journey.each(Item::Events, 1.0), 1.0));
        assert!(about(journey.each(Item::SqsRequests, 1.0), 3.0));
    }

    #[test]
    fn units_of_all_tables_together_are_those_that_are_billed() {
        let tables = ["product", "basket", "price", "checkout", "idempotency", "order", "order/by-status"];
        let (reads, writes) = tables
            .iter()
            .map(|table| units(table))
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let journey = Journey::sample();
        assert!(about(reads, journey.each(Item::DynamodbReads, 1.0)));
        assert!(about(writes, journey.each(Item::DynamodbWrites, 1.0)));
        // The baskets' changes, the checkout's transaction, the order with its index.
        assert!(about(writes, 3.0 + 8.0 + 2.0));
    }

    #[test]
    fn time_is_billed_in_whole_milliseconds_of_calls_and_of_a_slow_processor() {
        let journey = Journey::sample();
        // 5 ms for the call, and 0.12 ms of a processor of which there is a seventh: 5.83 ms, and half a cold start's.
        assert!(about(journey.steps[0].billed_ms(), 6.5));
        assert!(about(journey.each(Item::LambdaGbSeconds, 1.0), 20.0 * 6.5e-3 * 0.25));
    }

    #[test]
    fn bytes_are_those_of_the_function_and_of_what_stands_around_it() {
        let journey = Journey::sample();
        assert!(about(journey.each(Item::GigabytesOut, 1.0), 18.0 * 1000.0 / 1e9));
        assert!(about(journey.each(Item::LogGigabytes, 1.0), (20.0 * 790.0 + 18.0 * 290.0) / 1e9));
    }

    #[test]
    fn customers_with_many_orders_are_fewer() {
        assert!(about(Journey::sample().each(Item::Customers, 4.0), 0.25));
    }

    #[test]
    fn the_newest_run_in_the_repository_has_measured_every_stop() {
        let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(super::super::RUNS);
        let journey = Journey::of(&Run::newest(&runs).unwrap()).unwrap();
        assert!(journey.steps.iter().all(|step| step.calls() >= 1.0 && step.cpu_ms() > 0.0));
        assert!(about(journey.each(Item::ApiRequests, 1.0), 18.0));
    }
}
