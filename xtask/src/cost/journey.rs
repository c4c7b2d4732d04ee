//! What one order takes of AWS: the requests that lead to it, and what follows.
//!
//! On the way to the order AWS calls, processor time and bytes are those of a run of `cargo xtask bench`; capacity units
//! follow from how the stores read and write (`docs/data.md`) and from the sizes of items, which `cargo xtask bench
//! --growth` counts. What brings the order to the doorstep is counted in the code, not measured.

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
/// An order in its table and in its index, its payment, its shipment and its audit. What goes after some weeks is left out.
const STORED_BYTES: f64 = 5000.0;
/// Into the queue, out of it, and deleted; at a low rate each order has a batch of its own.
const QUEUE_REQUESTS: f64 = 3.0;
/// Assumed of a function that was not measured: a quarter of a millisecond of a processor, and a line of 450 bytes.
const UNMEASURED_CPU_US: f64 = 250.0;
const UNMEASURED_LINE_BYTES: f64 = 450.0;
/// States that the workflow of an order executes until its parcel has left: `docs/saga.md`.
const STATES: f64 = 9.0;
/// The carrier fetches a parcel, and hands it over.
const SCHEDULES: f64 = 2.0;

/// Queues that Lambda polls.
const QUEUES: f64 = 28.0;
/// Five connections to each queue, each of which asks every 20 seconds. AWS does not say so: others have counted 10 to 15
/// empty answers a minute.
const POLLS_PER_MINUTE: f64 = 15.0;
/// What the shop and its payment provider know of each other: a key, what webhooks are signed with, and the random part of
/// that.
const SECRETS: f64 = 3.0;
/// Metrics behind the alarms of a stage.
const ALARM_METRICS: f64 = 140.0;

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
    work: Work,
    uses: &'static [Use],
    /// Messages that it reads from its queue.
    messages: f64,
    /// Events that it tells on the bus.
    events: f64,
}

/// What an invocation does.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// As the benchmark calls it.
    Measured(&'static str),
    /// As the code has it: so many AWS calls; and whether the gateway asked for it.
    Counted(f64, Asked),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ByGateway,
    Otherwise,
}

const fn read(table: &'static str, reads: f64) -> Use {
    Use { table, reads, writes: 0.0 }
}

const fn written(table: &'static str, writes: f64) -> Use {
    Use { table, reads: 0.0, writes }
}

/// What was measured, and neither reads a queue nor tells an event.
const fn measured(name: &'static str, times: f64, path: &'static str, uses: &'static [Use]) -> Stop {
    Stop { name, times, work: Work::Measured(path), uses, messages: 0.0, events: 0.0 }
}

/// A publisher of changes of a table: so many events each time.
const fn publisher(name: &'static str, times: f64, events: f64) -> Stop {
    Stop { name, times, work: Work::Counted(1.0, Asked::Otherwise), uses: &[], messages: 0.0, events }
}

/// Who reads a queue, a message at a time.
const fn reader(name: &'static str, times: f64, calls: f64, uses: &'static [Use]) -> Stop {
    Stop { name, times, work: Work::Counted(calls, Asked::Otherwise), uses, messages: 1.0, events: 0.0 }
}

/// What the workflow calls.
const fn step(name: &'static str, times: f64, calls: f64, uses: &'static [Use]) -> Stop {
    Stop { messages: 0.0, ..reader(name, times, calls, uses) }
}

/// A customer looks at three pages and seven products, puts three into the basket, looks at it twice, checks out with
/// an idempotency key, and asks for the order twice. Signing in is between the browser and Cognito. (The benchmark's
/// baskets are of two lines; a third one takes 5 us.)
///
/// Then the order goes its way: its three products are set aside, its price is charged by a provider of somebody else's
/// who says so again by a webhook, its parcel leaves and arrives, and who listens is told of each status. Nobody is
/// connected to the WebSocket.
const STOPS: [Stop; 27] = [
    // Twenty products of 360 bytes, eventually consistent.
    measured("GET /product", 3.0, "GET /product", &[read("product", 1.0)]),
    measured("GET /product/{id}", 7.0, "GET /product/{id}", &[read("product", 1.0)]),
    measured(
        "POST /basket/{userName}/items",
        3.0,
        "POST /basket/{userName}/items, 2 lines",
        // The new product's price and, on average, two in the basket: half a unit each. The first line puts the
        // basket into the index.
        &[
            Use { table: "basket", reads: 1.0, writes: 1.0 },
            written("basket/by-user-name", 1.0 / 3.0),
            read("price", 1.5),
        ],
    ),
    measured(
        "GET /basket/{userName}",
        2.0,
        "GET /basket/{userName}, 2 lines",
        &[read("basket", 1.0), read("price", 1.5)],
    ),
    measured(
        "POST /basket/checkout",
        1.0,
        "POST /basket/checkout, 2 lines",
        // A transaction writes twice. With a long address and long names the outbox's item is over 1 KB.
        &[
            Use { table: "basket", reads: 1.0, writes: 2.0 },
            written("basket/by-user-name", 1.0),
            read("price", 1.5),
            written("checkout", 4.0),
            written("idempotency", 2.0),
        ],
    ),
    measured(
        "GET /order/{userName}/{orderId}",
        2.0,
        "GET /order/{userName}/{orderId}",
        &[read("order", 0.5)],
    ),
    Stop { events: 1.0, ..measured("basket-publisher", 1.0, "basket-publisher, 1 checkout", &[]) },
    Stop {
        messages: 1.0,
        ..measured(
            "ordering-on-checkout",
            1.0,
            "order consumer, 1 message",
            &[written("order", 1.0), written("order/by-status", 1.0), written("order/by-user-name", 1.0)],
        )
    },
    publisher("ordering-publisher", 5.0, 1.0),
    // The order is found and moved; in its index it leaves one place for another.
    step(
        "ordering-steps: a status",
        3.0,
        3.0,
        &[
            read("fulfilment", 1.0),
            Use { table: "order", reads: 1.0, writes: 1.0 },
            written("order/by-status", 2.0),
        ],
    ),
    // The order is found, the wait is written, and the command sent.
    step(
        "ordering-steps: a command",
        2.0,
        4.0,
        &[Use { table: "fulfilment", reads: 1.0, writes: 1.0 }, read("order", 1.0)],
    ),
    // The row of the order and three of products, in a transaction.
    step("inventory-steps", 2.0, 1.5, &[Use { table: "stock", reads: 0.5, writes: 8.0 }]),
    // The reservation, and each product's stock.
    publisher("inventory-publisher", 2.0, 4.0),
    reader("product-on-stock", 6.0, 1.0, &[written("product", 1.0), written("product/by-category", 1.0)]),
    reader("ordering-on-event: begin", 1.0, 2.0, &[written("fulfilment", 1.0)]),
    reader("ordering-on-event: an answer", 2.0, 2.0, &[written("fulfilment", 1.0)]),
    // Found; shipped, as it is already; delivered; and who waits for the parcel to leave, should somebody do.
    reader(
        "ordering-on-event: delivered",
        1.0,
        5.0,
        &[
            Use { table: "fulfilment", reads: 1.0, writes: 1.0 },
            Use { table: "order", reads: 1.0, writes: 2.0 },
            written("order/by-status", 2.0),
        ],
    ),
    // The intent, and what came of it; the provider is asked in between.
    reader("payment-on-command", 1.0, 3.0, &[written("payment", 2.0)]),
    Stop {
        work: Work::Counted(2.0, Asked::ByGateway),
        ..step("payment-webhook", 1.0, 2.0, &[Use { table: "payment", reads: 1.0, writes: 1.0 }])
    },
    // Three changes, of which one is told.
    publisher("payment-publisher", 3.0, 1.0 / 3.0),
    // The shipment and the schedule of its next step.
    reader("shipping-on-command", 1.0, 2.0, &[written("shipment", 1.0)]),
    reader("shipping-carrier", 2.0, 1.5, &[written("shipment", 1.0)]),
    publisher("shipping-publisher", 3.0, 1.0),
    reader("ordering-topic-relay", 5.0, 1.0, &[]),
    reader("audit-on-order", 5.0, 1.0, &[written("audit", 1.0)]),
    reader("realtime-on-order", 5.0, 2.0, &[Use { table: "connection", reads: 1.0, writes: 1.0 }]),
    // Whom to write to; then four mails that are kept, of some 3 KB, with a look before each and one after it.
    reader("notification", 5.0, 2.6, &[Use { table: "mail", reads: 1.6, writes: 2.6 }]),
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

/// What is assumed of a function that was not measured.
fn counted(calls: f64, asked: Asked) -> Measured {
    Measured {
        warm_cpu: UNMEASURED_CPU_US,
        bytes_logged: UNMEASURED_LINE_BYTES,
        bytes_answered: (asked == Asked::ByGateway).then_some(UNMEASURED_LINE_BYTES),
        calls: [("of its code".to_owned(), calls)].into(),
    }
}

impl Journey {
    /// With what a run has measured.
    ///
    /// # Errors
    /// When the run lacks a path.
    pub fn of(run: &Run) -> Result<Self> {
        let step = |stop: &'static Stop| {
            let measured = match stop.work {
                Work::Measured(path) => run.of(path)?.clone(),
                Work::Counted(calls, asked) => counted(calls, asked),
            };
            Ok(Step { stop, measured })
        };
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
            Item::Events => self.per_order(|step| step.stop.events),
            Item::SqsRequests => self.per_order(|step| step.stop.messages) * QUEUE_REQUESTS,
            Item::StateTransitions => STATES,
            Item::Schedules => SCHEDULES,
            Item::Publishes => times("ordering-topic-relay"),
            Item::LogGigabytes => self.per_order(Step::log_bytes) / GIGABYTE,
            Item::Customers => 1.0 / orders_per_customer,
            Item::AlarmMetrics | Item::Secrets => 0.0,
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
        Item::Secrets => SECRETS,
        _ => 0.0,
    }
}

#[cfg(test)]
impl Journey {
    /// Of a run in which each measured invocation takes one AWS call, 120 us, 400 bytes of log and an answer of 700 bytes.
    pub fn sample() -> Self {
        let measured = Measured {
            warm_cpu: 120.0,
            bytes_logged: 400.0,
            bytes_answered: Some(700.0),
            calls: [("GetItem T".to_owned(), 1.0)].into(),
        };
        let paths = STOPS.iter().filter_map(|stop| match stop.work {
            Work::Measured(path) => Some(path),
            Work::Counted(..) => None,
        });
        Self::of(&Run::of_each(paths, &measured)).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn about(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_journey_is_eighteen_requests_of_the_customer_one_of_the_provider_and_what_follows() {
        let journey = Journey::sample();
        assert!(about(journey.each(Item::ApiRequests, 1.0), 19.0));
        assert!(about(journey.each(Item::LambdaRequests, 1.0), 75.0));
        // The checkout; five of the order, eight of its stock, one of its payment, three of its parcel.
        assert!(about(journey.each(Item::Events, 1.0), 18.0));
        assert!(about(journey.each(Item::SqsRequests, 1.0), 35.0 * 3.0));
        // All that is told of an order goes to the topic.
        assert!(about(journey.each(Item::Publishes, 1.0), times("ordering-publisher")));
    }

    #[test]
    fn the_workflow_executes_as_many_states_as_its_shortest_way_to_a_parcel() {
        let definition = include_str!("../../../services/ordering/fulfilment.asl.json");
        let definition: serde_json::Value = serde_json::from_str(definition).unwrap();
        let mut state = definition["StartAt"].as_str().unwrap();
        let mut states = 1.0;
        // The first choice of each is the one on this way.
        while let Some(next) = definition["States"][state]["Next"]
            .as_str()
            .or_else(|| definition["States"][state]["Choices"][0]["Next"].as_str())
        {
            state = next;
            states += 1.0;
        }
        assert_eq!(state, "MarkShipped");
        assert_eq!(definition["States"][state]["End"], true);
        assert!(about(states, STATES));
    }

    #[test]
    fn units_of_all_tables_together_are_those_that_are_billed() {
        let tables: BTreeSet<_> = STOPS.iter().flat_map(|stop| stop.uses).map(|one| one.table).collect();
        let (reads, writes) = tables
            .iter()
            .map(|table| units(table))
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let journey = Journey::sample();
        assert!(about(reads, journey.each(Item::DynamodbReads, 1.0)));
        assert!(about(writes, journey.each(Item::DynamodbWrites, 1.0)));
        // The baskets' changes and their index, the checkout's transaction, the order with its indexes.
        let placed = 3.0 + 2.0 + 8.0 + 3.0;
        // The order with its index, its waits, its stock, the catalogue; payment, parcel, mails, audit, live.
        let fulfilled = 13.0 + 6.0 + 16.0 + 12.0 + 3.0 + 3.0 + 13.0 + 5.0 + 5.0;
        assert!(about(writes, placed + fulfilled));
    }

    #[test]
    fn time_is_billed_in_whole_milliseconds_of_calls_and_of_a_slow_processor() {
        let journey = Journey::sample();
        // 5 ms for the call, and 0.12 ms of a processor of which there is a seventh: 5.83 ms, and half a cold start's.
        assert!(about(journey.steps[0].billed_ms(), 6.5));
        // Of a publisher that was not measured 0.25 ms: 6.72 ms, and half a cold start's.
        let publisher = journey.steps.iter().find(|step| step.stop.name == "ordering-publisher").unwrap();
        assert!(about(publisher.billed_ms(), 7.5));
    }

    #[test]
    fn bytes_are_those_of_the_function_and_of_what_stands_around_it() {
        let journey = Journey::sample();
        assert!(about(journey.each(Item::GigabytesOut, 1.0), (18.0 * 1000.0 + 750.0) / 1e9));
        let lines = 20.0 * 790.0 + 55.0 * 840.0;
        assert!(about(journey.each(Item::LogGigabytes, 1.0), (lines + 19.0 * 290.0) / 1e9));
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
        assert!(about(journey.each(Item::ApiRequests, 1.0), 19.0));
    }
}
