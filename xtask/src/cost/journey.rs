//! What one order takes of AWS: the requests that lead to it, and what follows.
//!
//! Counted, unless said otherwise: AWS calls as in `docs/data.md`, processor time by `cargo xtask bench` over TLS (for
//! the paths that it measures; guessed from those for the others), sizes of items, answers and log lines on the local AWS.

use super::prices::Item;

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
pub struct Step {
    pub name: &'static str,
    /// Per order.
    pub times: f64,
    /// AWS calls, one after the other.
    pub calls: f64,
    /// Milliseconds of a whole processor.
    pub cpu_ms: f64,
    pub log_bytes: f64,
    /// With headers; none of what nobody asked for through the API.
    pub answer_bytes: Option<f64>,
    pub uses: &'static [Use],
}

const fn read(table: &'static str, reads: f64) -> Use {
    Use { table, reads, writes: 0.0 }
}

const fn written(table: &'static str, writes: f64) -> Use {
    Use { table, reads: 0.0, writes }
}

/// A customer looks at three pages and seven products, puts three into the basket, looks at it twice, checks out with
/// an idempotency key, and asks for the order twice. Signing in is between the browser and Cognito.
pub const JOURNEY: [Step; 8] = [
    Step {
        name: "GET /product",
        times: 3.0,
        calls: 1.0,
        cpu_ms: 0.3,
        log_bytes: 370.0,
        answer_bytes: Some(7000.0),
        // Twenty products of 360 bytes, eventually consistent.
        uses: &[read("product", 1.0)],
    },
    Step {
        name: "GET /product/{id}",
        times: 7.0,
        calls: 1.0,
        cpu_ms: 0.14,
        log_bytes: 370.0,
        answer_bytes: Some(1100.0),
        uses: &[read("product", 1.0)],
    },
    Step {
        name: "POST /basket/{userName}/items",
        times: 3.0,
        calls: 4.0,
        cpu_ms: 0.5,
        log_bytes: 400.0,
        answer_bytes: Some(1200.0),
        // The new product's price and, on average, two in the basket: half a unit each.
        uses: &[Use { table: "basket", reads: 1.0, writes: 1.0 }, read("price", 1.5)],
    },
    Step {
        name: "GET /basket/{userName}",
        times: 2.0,
        calls: 2.0,
        cpu_ms: 0.27,
        log_bytes: 390.0,
        answer_bytes: Some(1400.0),
        uses: &[read("basket", 1.0), read("price", 1.5)],
    },
    Step {
        name: "POST /basket/checkout",
        times: 1.0,
        calls: 3.0,
        cpu_ms: 0.39,
        log_bytes: 575.0,
        answer_bytes: Some(1000.0),
        // A transaction writes twice. With a long address and long names the outbox's item is over 1 KB.
        uses: &[
            Use { table: "basket", reads: 1.0, writes: 2.0 },
            read("price", 1.5),
            written("checkout", 4.0),
            written("idempotency", 2.0),
        ],
    },
    Step {
        name: "GET /order/{userName}/{orderId}",
        times: 2.0,
        calls: 1.0,
        cpu_ms: 0.14,
        log_bytes: 400.0,
        answer_bytes: Some(1500.0),
        uses: &[read("order", 0.5)],
    },
    Step {
        name: "basket-checkouts",
        times: 1.0,
        calls: 1.0,
        cpu_ms: 0.12,
        log_bytes: 570.0,
        answer_bytes: None,
        uses: &[],
    },
    Step {
        name: "ordering-consumer",
        times: 1.0,
        calls: 1.0,
        cpu_ms: 0.12,
        log_bytes: 610.0,
        answer_bytes: None,
        uses: &[written("order", 1.0), written("order/by-status", 1.0)],
    },
];

impl Step {
    fn log_bytes(&self) -> f64 {
        let access = if self.answer_bytes.is_some() { ACCESS_LOG_BYTES } else { 0.0 };
        self.log_bytes + LAMBDA_LOG_BYTES + access
    }

    /// How long an invocation takes; Lambda bills whole milliseconds.
    fn billed_ms(&self) -> f64 {
        (self.calls * CALL_MS + self.cpu_ms / PROCESSOR).ceil() + COLD_START_MS
    }
}

fn per_order(of_step: impl Fn(&Step) -> f64) -> f64 {
    JOURNEY.iter().map(|step| step.times * of_step(step)).sum()
}

/// Seconds that functions are at work for an order.
pub fn busy_seconds() -> f64 {
    per_order(Step::billed_ms) / 1000.0
}

/// What an order uses of a table or an index.
pub fn units(table: &str) -> (f64, f64) {
    let of = |part: fn(&Use) -> f64| {
        per_order(|step| step.uses.iter().filter(|one| one.table == table).map(part).sum())
    };
    (of(|one| one.reads), of(|one| one.writes))
}

/// How often an order calls a route or invokes a function.
pub fn times(name: &str) -> f64 {
    JOURNEY.iter().filter(|step| step.name == name).map(|step| step.times).sum()
}

/// How much of an item each order takes; of users, when each has so many orders a month.
pub fn each(item: Item, orders_per_customer: f64) -> f64 {
    match item {
        Item::ApiRequests => per_order(|step| f64::from(u8::from(step.answer_bytes.is_some()))),
        Item::LambdaRequests => per_order(|_| 1.0),
        Item::LambdaGbSeconds => busy_seconds() * MEMORY_GB,
        Item::DynamodbReads => per_order(|step| step.uses.iter().map(|one| one.reads).sum()),
        Item::DynamodbWrites => per_order(|step| step.uses.iter().map(|one| one.writes).sum()),
        Item::DynamodbGigabytes => STORED_BYTES / GIGABYTE,
        Item::Events => times("basket-checkouts"),
        Item::SqsRequests => times("ordering-consumer") * QUEUE_REQUESTS,
        Item::LogGigabytes => per_order(Step::log_bytes) / GIGABYTE,
        Item::Customers => 1.0 / orders_per_customer,
        Item::AlarmMetrics => 0.0,
        Item::GigabytesOut => per_order(|step| step.answer_bytes.unwrap_or_default()) / GIGABYTE,
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
mod tests {
    use super::*;

    fn about(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_journey_is_eighteen_requests_and_two_functions_behind_them() {
        assert!(about(each(Item::ApiRequests, 1.0), 18.0));
        assert!(about(each(Item::LambdaRequests, 1.0), 20.0));
        assert!(about(each(Item::Events, 1.0), 1.0));
        assert!(about(each(Item::SqsRequests, 1.0), 3.0));
    }

    #[test]
    fn units_of_all_tables_together_are_those_that_are_billed() {
        let tables = ["product", "basket", "price", "checkout", "idempotency", "order", "order/by-status"];
        let (reads, writes) = tables
            .iter()
            .map(|table| units(table))
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert!(about(reads, each(Item::DynamodbReads, 1.0)));
        assert!(about(writes, each(Item::DynamodbWrites, 1.0)));
        // The baskets' changes, the checkout's transaction, the order with its index.
        assert!(about(writes, 3.0 + 8.0 + 2.0));
    }

    #[test]
    fn time_is_billed_in_whole_milliseconds_of_calls_and_of_a_slow_processor() {
        let [.., consumer] = &JOURNEY;
        // 5 ms for the call, and 0.12 ms of a processor of which there is a seventh: 5.83 ms.
        assert!(about(consumer.billed_ms(), 6.5));
    }

    #[test]
    fn customers_with_many_orders_are_fewer() {
        assert!(about(each(Item::Customers, 4.0), 0.25));
    }
}
