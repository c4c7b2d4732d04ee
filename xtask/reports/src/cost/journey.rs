//! AWS usage of one order: the requests that lead to it, and the fulfilment that follows.
//!
//! Up to the order, AWS calls, CPU time and bytes come from a run of `cargo xtask bench`. Capacity
//! units follow from the reads and writes of the stores (`docs/data.md`) and from item sizes, which
//! `cargo xtask bench --growth` counts. The fulfilment is counted in the code, not measured.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::ValueEnum;
use xtask_common::idle::EMPTY_RECEIVES;
use xtask_common::prices::Item;

use super::run::{Measured, Run};

const GIGABYTE: f64 = 1e9;
/// Memory of every function: `rust-function.ts`.
const MEMORY_GB: f64 = 0.25;
/// CPU share of 256 MB: a whole CPU comes with 1,769 MB.
const PROCESSOR: f64 = 256.0 / 1769.0;
/// Assumed duration of a call to an AWS service in the same region, over an open connection.
const CALL_MS: f64 = 5.0;
/// Assumed: one invocation in a hundred is a cold start of 50 ms, which is billed.
const COLD_START_MS: f64 = 0.01 * 50.0;
/// Lambda's lines around a function's own (START, END, REPORT), and 26 billed bytes for each of the
/// four.
const LAMBDA_LOG_BYTES: f64 = 390.0;
/// The gateway's access log line.
const ACCESS_LOG_BYTES: f64 = 290.0;
/// Headers that the gateway adds to a response: status, date, length and request ids.
const GATEWAY_HEADER_BYTES: f64 = 300.0;
/// An order in its table and in its index, its payment, shipment and audit rows. Rows that expire
/// after some weeks are left out.
const STORED_BYTES: f64 = 5000.0;
/// Send, receive and delete; at a low rate each order has a batch of its own.
const QUEUE_REQUESTS: f64 = 3.0;
/// Assumed for functions that were not measured: 0.25 ms of CPU, and a log line of 450 bytes.
const UNMEASURED_CPU_US: f64 = 250.0;
const UNMEASURED_LINE_BYTES: f64 = 450.0;
/// State transitions of the workflow until the parcel has left: `docs/saga.md`.
const STATES: f64 = 5.0;
/// The carrier collects a parcel, and delivers it.
const SCHEDULES: f64 = 2.0;

/// What an order uses, besides the requests to the API.
const ITEMS: [Item; 13] = [
    Item::LambdaRequests,
    Item::LambdaGbSeconds,
    Item::DynamodbReads,
    Item::DynamodbWrites,
    Item::DynamodbGigabytes,
    Item::Events,
    Item::SqsRequests,
    Item::Publishes,
    Item::StateTransitions,
    Item::Schedules,
    Item::LogGigabytes,
    Item::Customers,
    Item::GigabytesOut,
];

/// The settings that an order's cost depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub delivery: Delivery,
    pub api: ApiKind,
}

/// How events reach the consumers that nobody waits for: the setting `delivery`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Delivery {
    /// By asynchronous invocation
    #[default]
    Direct,
    /// Through a queue, which Lambda polls
    Queued,
}

/// Kind of the public API: the setting `api`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ApiKind {
    #[default]
    Rest,
    Http,
}

impl ApiKind {
    pub fn shown(self) -> &'static str {
        match self {
            Self::Rest => "a REST API",
            Self::Http => "an HTTP API",
        }
    }

    /// What its requests are billed as. No answer reaches 512 KB, beyond which an HTTP API counts a
    /// second request.
    fn requests(self) -> Item {
        match self {
            Self::Rest => Item::ApiRequests,
            Self::Http => Item::HttpApiRequests,
        }
    }
}

impl Delivery {
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Queued => "queued",
        }
    }

    /// Polled queues of a stage with all services.
    pub fn polled_queues(self) -> u8 {
        match self {
            Self::Direct => 4,
            Self::Queued => 19,
        }
    }
}

/// Capacity units that an invocation uses of a table, or of an index as `table/index`.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub table: &'static str,
    pub reads: f64,
    pub writes: f64,
}

/// A function that is invoked for an order, before or after it is placed.
pub struct Stop {
    pub name: &'static str,
    /// Per order.
    pub times: f64,
    work: Work,
    uses: &'static [Use],
    trigger: Trigger,
    /// Events that an invocation publishes to the bus.
    events: f64,
}

/// What invokes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    /// A request, a stream or the workflow.
    Call,
    /// An event or a command from a queue, whatever the stage's delivery is.
    Queue,
    /// An event, as the stage delivers them.
    Event,
}

/// The work of an invocation.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Measured under this path of the benchmark.
    Measured(&'static str),
    /// Counted in the code: the number of AWS calls, and whether the gateway invoked it.
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

/// A measured function that neither consumes nor publishes events.
const fn measured(name: &'static str, times: f64, path: &'static str, uses: &'static [Use]) -> Stop {
    Stop { name, times, work: Work::Measured(path), uses, trigger: Trigger::Call, events: 0.0 }
}

/// A function that was counted in the code.
const fn counted_in_code(
    name: &'static str,
    times: f64,
    calls: f64,
    uses: &'static [Use],
    trigger: Trigger,
) -> Stop {
    Stop { name, times, work: Work::Counted(calls, Asked::Otherwise), uses, trigger, events: 0.0 }
}

/// A publisher of a table's changes, with this many events per invocation.
const fn publisher(name: &'static str, times: f64, events: f64) -> Stop {
    Stop { events, ..counted_in_code(name, times, 1.0, &[], Trigger::Call) }
}

/// A consumer of a queue that every stage has, with one message per invocation.
const fn queue_consumer(name: &'static str, times: f64, calls: f64, uses: &'static [Use]) -> Stop {
    counted_in_code(name, times, calls, uses, Trigger::Queue)
}

/// A consumer of events, with one event per invocation.
const fn event_consumer(name: &'static str, times: f64, calls: f64, uses: &'static [Use]) -> Stop {
    counted_in_code(name, times, calls, uses, Trigger::Event)
}

/// A function that the workflow invokes.
const fn step(name: &'static str, times: f64, calls: f64, uses: &'static [Use]) -> Stop {
    counted_in_code(name, times, calls, uses, Trigger::Call)
}

/// A customer reads three pages and seven products, adds three to the basket, and reads it twice.
/// Then they check out with an idempotency key, and read the order twice. Browsers sign in at
/// Cognito directly. (The benchmark's baskets have two lines; a third one takes 5 us.)
///
/// Then the order is fulfilled. Its three products are reserved. An external provider charges its
/// price and confirms it with a webhook. Its parcel is shipped and delivered, and subscribers
/// receive each status. No client is connected to the WebSocket.
const STOPS: [Stop; 27] = [
    // Twenty products of 360 bytes, eventually consistent.
    measured("GET /product", 3.0, "GET /product", &[read("product", 1.0)]),
    measured("GET /product/{id}", 7.0, "GET /product/{id}", &[read("product", 1.0)]),
    measured(
        "POST /basket/{userName}/items",
        3.0,
        "POST /basket/{userName}/items, 2 lines",
        // The new product's price and, on average, two in the basket: half a unit each. The first
        // line adds the basket to the index.
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
        // A transaction doubles the writes. With a long address and long names the outbox item
        // exceeds 1 KB.
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
        trigger: Trigger::Queue,
        ..measured(
            "ordering-on-checkout",
            1.0,
            "order consumer, 1 message",
            // The order, its owner row and the check of the tombstone, in a transaction.
            &[written("order", 6.0), written("order/by-status", 1.0), written("order/by-user-name", 1.0)],
        )
    },
    // The order, its claim, which is no event, and four statuses.
    publisher("ordering-publisher", 6.0, 5.0 / 6.0),
    // Read the order's owner and the order, mark it, write the wait, send the command. With the
    // status, the index entry is deleted and written again.
    step(
        "ordering-steps",
        2.0,
        5.0,
        &[
            Use { table: "order", reads: 2.0, writes: 1.0 },
            written("order/by-status", 2.0),
            written("fulfilment", 1.0),
        ],
    ),
    // The row of the order and three product rows, in a transaction.
    step("inventory-steps", 2.0, 1.5, &[Use { table: "stock", reads: 0.5, writes: 8.0 }]),
    // The reservation, and each product's stock event.
    publisher("inventory-publisher", 2.0, 4.0),
    event_consumer(
        "product-on-stock",
        6.0,
        1.0,
        &[written("product", 1.0), written("product/by-category", 1.0)],
    ),
    // Claim the order, write its fulfilment, start the workflow.
    queue_consumer(
        "ordering-on-event: placed",
        1.0,
        3.0,
        &[written("order", 1.0), written("order/by-status", 1.0), written("fulfilment", 1.0)],
    ),
    // Write the answer, complete the waiting task.
    queue_consumer("ordering-on-event: paid", 1.0, 2.0, &[written("fulfilment", 1.0)]),
    // Read the order's owner and the order, mark it, write the answer, complete the task that may
    // wait for the parcel.
    queue_consumer(
        "ordering-on-event: shipped, delivered",
        2.0,
        5.0,
        &[
            Use { table: "order", reads: 2.0, writes: 1.0 },
            written("order/by-status", 2.0),
            written("fulfilment", 1.0),
        ],
    ),
    // Write the intent and the outcome, with the provider's call in between.
    queue_consumer("payment-on-command", 1.0, 3.0, &[written("payment", 2.0)]),
    Stop {
        work: Work::Counted(2.0, Asked::ByGateway),
        ..step("payment-webhook", 1.0, 2.0, &[Use { table: "payment", reads: 1.0, writes: 1.0 }])
    },
    // Three changes, one of which is published.
    publisher("payment-publisher", 3.0, 1.0 / 3.0),
    // The shipment and the schedule of its next step.
    queue_consumer("shipping-on-command", 1.0, 2.0, &[written("shipment", 1.0)]),
    event_consumer("shipping-carrier", 2.0, 1.5, &[written("shipment", 1.0)]),
    publisher("shipping-publisher", 3.0, 1.0),
    event_consumer("ordering-topic-relay", 5.0, 1.0, &[]),
    event_consumer("audit-on-order", 5.0, 1.0, &[written("audit", 1.0)]),
    event_consumer("realtime-on-order", 5.0, 2.0, &[Use { table: "connection", reads: 1.0, writes: 1.0 }]),
    event_consumer("notification-on-checkout", 1.0, 1.0, &[written("mail", 1.0)]),
    // Four stored mails of some 3 KB, each with a read before and one after.
    event_consumer("notification-on-order", 4.0, 3.0, &[Use { table: "mail", reads: 2.0, writes: 3.0 }]),
];

/// Capacity units that an order uses of a table or an index.
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

/// The tables and indexes that an order uses.
pub fn tables() -> BTreeSet<&'static str> {
    STOPS.iter().flat_map(|stop| stop.uses).map(|one| one.table).collect()
}

/// All invocations for an order, with their measurements.
pub struct Journey {
    pub choice: Choice,
    pub steps: Vec<Step>,
}

/// An invocation of a function.
pub struct Step {
    pub stop: &'static Stop,
    measured: Measured,
}

/// Assumptions for a function that was not measured.
fn counted(calls: f64, asked: Asked) -> Measured {
    Measured {
        warm_cpu: UNMEASURED_CPU_US,
        bytes_logged: UNMEASURED_LINE_BYTES,
        bytes_answered: (asked == Asked::ByGateway).then_some(UNMEASURED_LINE_BYTES),
        calls: [("of its code".to_owned(), calls)].into(),
    }
}

impl Journey {
    /// From the measurements of a run.
    ///
    /// # Errors
    ///
    /// When the run lacks a path.
    pub fn of(run: &Run, choice: Choice) -> Result<Self> {
        let step = |stop: &'static Stop| {
            let measured = match stop.work {
                Work::Measured(path) => run.of(path)?.clone(),
                Work::Counted(calls, asked) => counted(calls, asked),
            };
            Ok(Step { stop, measured })
        };
        Ok(Self { choice, steps: STOPS.iter().map(step).collect::<Result<_>>()? })
    }

    /// The sum of something over all invocations for an order.
    pub fn per_order(&self, of_step: impl Fn(&Step) -> f64) -> f64 {
        self.steps.iter().map(|step| step.stop.times * of_step(step)).sum()
    }

    /// Billed seconds of function time per order.
    pub fn busy_seconds(&self) -> f64 {
        self.per_order(Step::billed_ms) / 1000.0
    }

    /// The items that an order is billed by.
    pub fn items(&self) -> Vec<Item> {
        [self.choice.api.requests()].into_iter().chain(ITEMS).collect()
    }

    /// Requests to the API per order.
    pub fn requests(&self) -> f64 {
        self.per_order(|step| f64::from(u8::from(step.answer_bytes().is_some())))
    }

    /// Usage of an item per order; for customers, given their orders a month.
    pub fn each(&self, item: Item, orders_per_customer: f64) -> f64 {
        match item {
            item if item == self.choice.api.requests() => self.requests(),
            Item::LambdaRequests => self.per_order(|_| 1.0),
            Item::LambdaGbSeconds => self.per_order(Step::gb_ms) / 1000.0,
            Item::DynamodbReads => self.per_order(Step::reads),
            Item::DynamodbWrites => self.per_order(Step::writes),
            Item::DynamodbGigabytes => STORED_BYTES / GIGABYTE,
            // A schedule publishes an event.
            Item::Events => self.per_order(|step| step.stop.events) + SCHEDULES,
            Item::SqsRequests => self.per_order(|step| self.messages(step)) * QUEUE_REQUESTS,
            Item::StateTransitions => STATES,
            Item::Schedules => SCHEDULES,
            Item::Publishes => times("ordering-topic-relay"),
            Item::LogGigabytes => self.per_order(Step::log_bytes) / GIGABYTE,
            Item::Customers => 1.0 / orders_per_customer,
            Item::GigabytesOut => self.per_order(|step| step.answer_bytes().unwrap_or_default()) / GIGABYTE,
            _ => 0.0,
        }
    }

    /// Messages that an invocation takes from a queue.
    fn messages(&self, step: &Step) -> f64 {
        match step.stop.trigger {
            Trigger::Queue => 1.0,
            Trigger::Event if self.choice.delivery == Delivery::Queued => 1.0,
            Trigger::Event | Trigger::Call => 0.0,
        }
    }

    /// Monthly usage of an item without any order.
    pub fn idle(&self, item: Item) -> f64 {
        match item {
            Item::SqsRequests => f64::from(self.choice.delivery.polled_queues()) * EMPTY_RECEIVES,
            _ => 0.0,
        }
    }
}

impl Step {
    /// AWS calls in sequence.
    pub fn calls(&self) -> f64 {
        self.measured.calls.values().sum()
    }

    /// Milliseconds of a whole CPU.
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

    /// Including the lines of Lambda and the gateway.
    pub fn log_bytes(&self) -> f64 {
        let access = if self.answer_bytes().is_some() { ACCESS_LOG_BYTES } else { 0.0 };
        self.measured.bytes_logged + LAMBDA_LOG_BYTES + access
    }

    /// As the gateway sends them; none when the API did not invoke the function.
    pub fn answer_bytes(&self) -> Option<f64> {
        self.measured.bytes_answered.map(|bytes| bytes + GATEWAY_HEADER_BYTES)
    }

    /// Billed duration of an invocation; Lambda rounds up to whole milliseconds.
    fn billed_ms(&self) -> f64 {
        (self.calls() * CALL_MS + self.cpu_ms() / PROCESSOR).ceil() + COLD_START_MS
    }
}

#[cfg(test)]
impl Journey {
    /// A run in which each measured invocation takes one AWS call, 120 us, 400 bytes of log and a
    /// response of 700 bytes.
    pub fn sample(delivery: Delivery) -> Self {
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
        Self::of(&Run::of_each(paths, &measured), Choice { delivery, ..Choice::default() }).unwrap()
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
    fn a_journey_is_eighteen_requests_of_the_customer_one_of_the_provider_and_what_follows() {
        let journey = Journey::sample(Delivery::Direct);
        assert!(about(journey.each(Item::ApiRequests, 1.0), 19.0));
        assert!(about(journey.each(Item::LambdaRequests, 1.0), 73.0));
        // The checkout; five events of the order, eight of its stock, one of its payment, three of
        // its parcel, and two schedules.
        assert!(about(journey.each(Item::Events, 1.0), 20.0));
        // Every event of the order goes to the topic.
        let ordering = journey.steps.iter().find(|step| step.stop.name == "ordering-publisher").unwrap();
        assert!(about(journey.each(Item::Publishes, 1.0), ordering.stop.times * ordering.stop.events));
    }

    #[test]
    fn requests_are_billed_by_the_kind_of_the_api() {
        let mut journey = Journey::sample(Delivery::Direct);
        journey.choice.api = ApiKind::Http;
        assert!(about(journey.each(Item::HttpApiRequests, 1.0), 19.0));
        assert!(about(journey.each(Item::ApiRequests, 1.0), 0.0));
        assert!(about(journey.requests(), 19.0) && !journey.items().contains(&Item::ApiRequests));
    }

    #[test]
    fn direct_delivery_has_a_fifth_of_the_messages_in_queues() {
        let messages = |delivery| Journey::sample(delivery).each(Item::SqsRequests, 1.0) / QUEUE_REQUESTS;
        // A checkout, a command to payment and one to shipping, four events of the fulfilment.
        assert!(about(messages(Delivery::Direct), 7.0));
        // Six events of stock, five of the order to its topic, from there five to audit, five to
        // realtime and four to notification, which has the checkout, too; two parcel steps.
        assert!(about(messages(Delivery::Queued), 7.0 + 28.0));
    }

    #[test]
    fn the_workflow_executes_as_many_states_as_its_shortest_way_to_a_parcel() {
        let definition = include_str!("../../../../services/ordering/fulfilment.asl.json");
        let definition: serde_json::Value = serde_json::from_str(definition).unwrap();
        let mut state = definition["StartAt"].as_str().unwrap();
        let mut states = 1.0;
        // The first choice of each Choice state is on this path.
        while let Some(next) = definition["States"][state]["Next"]
            .as_str()
            .or_else(|| definition["States"][state]["Choices"][0]["Next"].as_str())
        {
            state = next;
            states += 1.0;
        }
        assert_eq!(state, "ShipStock");
        assert_eq!(definition["States"][state]["End"], true);
        assert!(about(states, STATES));
    }

    #[test]
    fn units_of_all_tables_together_are_those_that_are_billed() {
        let (reads, writes) =
            tables().into_iter().map(units).fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let journey = Journey::sample(Delivery::Direct);
        assert!(about(reads, journey.each(Item::DynamodbReads, 1.0)));
        assert!(about(writes, journey.each(Item::DynamodbWrites, 1.0)));
        // The basket updates and their index, the checkout transaction, the transaction of the
        // order with its indexes.
        let placed = 3.0 + 2.0 + 8.0 + 8.0;
        // The order with its index, its waits, its stock, the catalogue; payment, parcel, mails,
        // audit, connections.
        let fulfilled = 14.0 + 6.0 + 16.0 + 12.0 + 3.0 + 3.0 + 13.0 + 5.0 + 5.0;
        assert!(about(writes, placed + fulfilled));
    }

    #[test]
    fn time_is_billed_in_whole_milliseconds_of_calls_and_of_a_slow_processor() {
        let journey = Journey::sample(Delivery::Direct);
        // 5 ms for the call, and 0.12 ms on a seventh of a CPU: 5.83 ms, and 0.5 ms for cold
        // starts.
        assert!(about(journey.steps[0].billed_ms(), 6.5));
        // For an unmeasured publisher 0.25 ms: 6.72 ms, and 0.5 ms for cold starts.
        let publisher = journey.steps.iter().find(|step| step.stop.name == "ordering-publisher").unwrap();
        assert!(about(publisher.billed_ms(), 7.5));
    }

    #[test]
    fn bytes_are_those_of_the_function_and_of_what_stands_around_it() {
        let journey = Journey::sample(Delivery::Direct);
        assert!(about(journey.each(Item::GigabytesOut, 1.0), (18.0 * 1000.0 + 750.0) / 1e9));
        let lines = 20.0 * 790.0 + 53.0 * 840.0;
        assert!(about(journey.each(Item::LogGigabytes, 1.0), (lines + 19.0 * 290.0) / 1e9));
    }

    #[test]
    fn customers_with_many_orders_are_fewer() {
        assert!(about(Journey::sample(Delivery::Direct).each(Item::Customers, 4.0), 0.25));
    }

    #[test]
    fn the_newest_run_in_the_repository_has_measured_every_stop() {
        let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(crate::cost::month::RUNS);
        let journey = Journey::of(&Run::newest(&runs).unwrap(), Choice::default()).unwrap();
        assert!(journey.steps.iter().all(|step| step.calls() >= 1.0 && step.cpu_ms() > 0.0));
        assert!(about(journey.each(Item::ApiRequests, 1.0), 19.0));
    }
}
