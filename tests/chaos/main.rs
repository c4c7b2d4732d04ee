//! The shop keeps its promise while calls fail, functions die and messages come twice.

#![expect(clippy::print_stdout, reason = "the numbers of the run are worth seeing")]

use std::time::Duration;

use shop_tests::chaos::{self, Plan};

#[test]
fn every_accepted_checkout_is_one_order_whatever_fails() {
    let report = chaos::run(Plan { seed: 7, duration: Duration::from_secs(40), customers: 200 });
    println!("{report:#?}");
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    assert!(report.checkouts_accepted > 50, "too few checkouts to prove anything");
    assert!(report.faults.values().sum::<u64>() > 100, "too few faults to prove anything");
}
