//! Chaos test: hundreds of customers buy while calls fail, responses are lost, functions are killed
//! and messages are delivered twice. Afterwards a checker compares the responses to customers with
//! the tables.
//!
//! All random choices follow from a seed, as far as a run on a real machine can be repeated.

mod checker;
mod customer;
mod expected;
mod faults;
mod invariants;
mod killer;
mod processes;
mod report;
mod warehouse;
mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use testkit::{Account, SeededRng};

use crate::Shop;
use customer::Customer;
pub use expected::{Checkout, ExpectedState};
pub use faults::FaultSchedule;
use killer::ProcessKiller;
pub use processes::Processes;
pub use report::Report;
use warehouse::Warehouse;

/// One customer in this many has their data erased now and then.
const RESTLESS: usize = 4;
/// Concurrent requests: as many as two cores can serve.
const WORKERS: usize = 16;
/// The limit of the buying time, as a multiple of the planned duration.
const MAX_DURATIONS: u32 = 6;

/// The size and the seed of a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The seed of all random choices.
    pub seed: u64,
    /// How long customers buy. A slow machine takes longer for its checkouts, up to a limit.
    pub duration: Duration,
    /// The minimum number of checkouts.
    pub checkouts: usize,
    /// The number of customers.
    pub customers: usize,
}

impl Plan {
    /// The prefix of its customers' names.
    fn names(&self) -> String {
        format!("chaos-{}-", self.seed)
    }
}

/// Runs the plan on the shop that the environment names.
#[must_use]
pub fn run(plan: Plan) -> Report {
    let shop = Shop::new();
    let expected = Arc::new(ExpectedState::default());
    let mut schedule = FaultSchedule::without_faults(plan.seed);
    let products: Vec<String> =
        (0..12).map(|number| shop.product(&format!("Product {number}"), &format!("{number}.99"))).collect();
    let mut warehouse = Warehouse::fill(&shop, &products, &expected);
    println!("seed {}, {} customers, {:?}", plan.seed, plan.customers, plan.duration);

    schedule.turn();
    let killer = ProcessKiller::start(plan.seed, &shop);
    let customers: Vec<Mutex<Customer>> = (0..plan.customers)
        .map(|number| {
            let rng = SeededRng::new(plan.seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
            Mutex::new(Customer::new(
                shop.customer_named(&format!("{}{number}", plan.names())),
                rng,
                &products,
                Arc::clone(&expected),
                number % RESTLESS == 0,
            ))
        })
        .collect();
    let (started, over) = (Instant::now(), AtomicBool::new(false));
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (customers, over) = (&customers, &over);
            scope.spawn(move || work(customers, worker, over));
        }
        scope.spawn(|| {
            staff(&shop, &products, &mut warehouse, SeededRng::new(plan.seed ^ 0x57AF), &expected, &over);
        });
        let mut said = Instant::now();
        let goes_on = |elapsed: Duration| {
            elapsed < plan.duration
                || (elapsed < plan.duration * MAX_DURATIONS && expected.checkouts().len() < plan.checkouts)
        };
        while goes_on(started.elapsed()) {
            thread::sleep(Duration::from_millis(100));
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                println!("{:4} s  {}", started.elapsed().as_secs(), expected.summary());
            }
        }
        over.store(true, Ordering::SeqCst);
    });
    let (faults, kills) = (schedule.stop(), killer.stop());
    println!("no more faults; {}", expected.summary());

    // Without faults, each customer checks their last responses and actions.
    for customer in &customers {
        lock(customer).settle();
    }
    warehouse.settle(&shop, &expected);
    let elapsed = started.elapsed();
    let checked = checker::check(&shop, &plan.names(), &expected, &customers, &products, &schedule);
    Report::new(plan, elapsed, &expected, faults, kills, checked)
}

/// Sets the visibility timeout of every queue, in seconds, for tests that cannot wait as long as on
/// AWS.
pub fn hide_messages_for(shop: &Shop, seconds: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sqs = Account::of_the_shop().aws().sqs();
    for url in shop.all("/queues").into_values() {
        let attributes = sqs.set_queue_attributes().queue_url(url);
        let attributes = attributes.attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string());
        runtime.block_on(attributes.send()).expect("an attribute of a queue");
    }
}

/// One worker: picks the next free customer and runs one of their actions.
fn work(customers: &[Mutex<Customer>], worker: usize, over: &AtomicBool) {
    let mut next = worker * customers.len() / WORKERS;
    while !over.load(Ordering::SeqCst) {
        next = (next + 1) % customers.len();
        // Another worker has this customer.
        let Ok(mut customer) = customers[next].try_lock() else { continue };
        if customer.is_ready() {
            customer.step();
        } else {
            drop(customer);
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Staff change prices continuously, and now and then receive a few units of scarce products.
fn staff(
    shop: &Shop,
    products: &[String],
    warehouse: &mut Warehouse,
    mut rng: SeededRng,
    expected: &ExpectedState,
    over: &AtomicBool,
) {
    while !over.load(Ordering::SeqCst) {
        let path = format!("/product/{}", products[rng.pick(products.len())]);
        let answer = shop.try_send("PATCH", &path, &[], format!(r#"{{"price": {}.49}}"#, rng.pick(500)));
        expected.count("change price", answer.as_ref().map_or(0, |answer| answer.status));
        if rng.pick(4) == 0 {
            warehouse.receive(shop, expected, &mut rng);
        }
        erase_again(shop, &mut rng, expected);
        thread::sleep(Duration::from_millis(300));
    }
}

/// Now and then staff erase a customer who has left already, and whose name may have a new owner.
fn erase_again(shop: &Shop, rng: &mut SeededRng, expected: &ExpectedState) {
    let departures = expected.departures();
    if departures.is_empty() || rng.pick(8) != 0 {
        return;
    }
    let departure = &departures[rng.pick(departures.len())];
    let path = format!("/customer/{}", departure.customer_id);
    let status = shop.try_send("DELETE", &path, &[], "").map_or(0, |answer| answer.status);
    expected.count("erase again", status);
    if (400..500).contains(&status) {
        expected.violation(format!("{}: erasing who has left was refused with {status}", departure.user));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
