//! The shop stays consistent while calls fail, functions are killed, messages are delivered twice,
//! and load exceeds its capacity.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]
#![expect(clippy::print_stdout, reason = "the numbers of the run are worth seeing")]

mod backpressure;
mod kills;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shop_tests::Shop;
use shop_tests::chaos::{self, Plan};

/// The visibility timeout of queues. A message is quarantined after ten deliveries, so ten timeouts
/// must outlast the faults on a busy machine.
const HIDDEN_SECONDS: u64 = 10;

/// All functions share one fault proxy, so tests run one at a time. With the deployed visibility
/// timeouts, messages of a killed or failed function are redelivered after minutes.
fn turn(hidden_seconds: u64) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    chaos::hide_messages_for(&Shop::new(), hidden_seconds);
    turn
}

#[test]
fn every_accepted_checkout_is_one_order_whatever_fails() {
    let _turn = turn(HIDDEN_SECONDS);
    let plan = Plan { seed: 7, duration: Duration::from_secs(20), checkouts: 70, customers: 60 };
    let report = chaos::run(plan);
    println!("{report:#?}");
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    assert!(report.checkouts_accepted > 50, "too few checkouts to prove anything");
    assert!(report.faults.values().sum::<u64>() > 100, "too few faults to prove anything");
    assert!(report.ends.len() > 3, "orders end in too few ways to prove anything: {:?}", report.ends);
    for (promise, held) in &report.promises {
        assert!(*held > 0, "{promise}: held against nothing");
    }
}
