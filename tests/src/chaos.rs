//! A shop under fire: hundreds of customers buy while calls fail, answers are lost, functions are
//! killed and messages come twice. Afterwards a checker holds what the customers were told
//! against what the tables hold.
//!
//! What happens follows from a seed, as far as a run on a real machine can be repeated.

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

/// Of so many customers one leaves now and then.
const RESTLESS: usize = 4;
/// Requests under way at once: as many as two cores can serve.
const WORKERS: usize = 16;
/// How many times as long as planned customers buy at most.
const MAX_DURATIONS: u32 = 6;

/// How long, how many, and by which numbers.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Everything follows from it.
    pub seed: u64,
    /// How long customers buy; on a machine that is too slow for that many checkouts longer, but not without end.
    pub duration: Duration,
    /// How many checkouts there are at least.
    pub checkouts: usize,
    /// How many there are.
    pub customers: usize,
}

impl Plan {
    /// How the names of its customers begin.
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

    // Without faults each customer checks what they last saw and did.
    for customer in &customers {
        lock(customer).settle();
    }
    warehouse.settle(&shop, &expected);
    let elapsed = started.elapsed();
    let checked = checker::check(&shop, &plan.names(), &expected, &customers, &products, &schedule);
    Report::new(plan, elapsed, &expected, faults, kills, checked)
}

/// Has every queue hide what somebody has taken for so many seconds, for those who cannot wait as long as on AWS.
pub fn hide_messages_for(shop: &Shop, seconds: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sqs = Account::of_the_shop().aws().sqs();
    for url in shop.all("/queues").into_values() {
        let attributes = sqs.set_queue_attributes().queue_url(url);
        let attributes = attributes.attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string());
        runtime.block_on(attributes.send()).expect("an attribute of a queue");
    }
}

/// One worker: takes the next customer who is ready, and lets them do one thing.
fn work(customers: &[Mutex<Customer>], worker: usize, over: &AtomicBool) {
    let mut next = worker * customers.len() / WORKERS;
    while !over.load(Ordering::SeqCst) {
        next = (next + 1) % customers.len();
        // Somebody else's turn with this customer.
        let Ok(mut customer) = customers[next].try_lock() else { continue };
        if customer.is_ready() {
            customer.step();
        } else {
            drop(customer);
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Staff change prices all the while, and now and then a few units come in of what is scarce.
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

/// Now and then staff have somebody's data erased who has left already, and whose name is somebody else's by now.
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
