//! Services are added and removed by `cargo xtask up` while customers shop.
//!
//! The tests share a stage of a local AWS of their own, one after the other, and change it by
//! `cargo xtask` only. `FERROCART_SEED` selects another order of the services.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot run has failed"
)]

mod cloudformation;
mod interrupted;
mod only;
mod refused;
mod services;
mod shoppers;
mod stage;
mod story;

use std::collections::BTreeSet;

use testkit::SeededRng;

use crate::shoppers::Shoppers;
use crate::stage::Stage;

const DEFAULT_SEED: u64 = 3;

fn seed() -> u64 {
    std::env::var("FERROCART_SEED").map_or(DEFAULT_SEED, |seed| seed.parse().unwrap())
}

#[test]
fn added_and_removed_services_lose_no_order() {
    let mut stage = Stage::lock();
    let seed = seed();
    println!("FERROCART_SEED={seed}");
    stage.start_over();
    let core = stage.core();
    let shoppers = Shoppers::start(&stage, seed);
    story::check(&stage);
    for asked in services::groups(&mut SeededRng::new(seed)) {
        stage.change_to_core_and(&asked);
        shoppers.restock(&stage);
        story::check(&stage);
    }
    stage.change_to_core_and(&services::optional());
    shoppers.restock(&stage);
    story::check(&stage);

    let shopped = shoppers.stop();
    println!("{shopped}");
    shopped.expect_one_order_each(&stage.staff());
    let (waiting, begun) = (stage.pending_orders(), stage.executions());
    stage.recover();
    shopped.expect_one_final_order_each(&stage.staff());
    let replayed: BTreeSet<_> = stage.executions().difference(&begun).cloned().collect();
    let begun_again: Vec<_> = replayed.difference(&waiting).collect();
    assert!(begun_again.is_empty(), "{begun_again:?}");
    assert_eq!(stage.core(), core, "other services change no stack of the core");
}
