//! Least privilege: every action of every policy is needed. Without any one of them, a scenario
//! fails.
//!
//! Actions that Lambda makes itself with a function's role (polling, logs, on-failure destinations)
//! are left out. The local AWS makes them without a role. The infra tests compare them with AWS's
//! documentation.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]
#![expect(clippy::print_stdout, reason = "which actions were tried is worth seeing")]

mod iam;
mod scenarios;

use std::time::{Duration, Instant};

use iam::Role;
use scenarios::FunctionScenarios;
use testkit::TIMEOUT;

/// The minimum timeout of scenarios while an action is missing.
const LEAST_PATIENCE: Duration = Duration::from_millis(500);

#[test]
fn every_action_of_every_function_is_needed() {
    let scenarios = FunctionScenarios::new();
    let mut spare = Vec::new();
    for (function, name) in scenarios.functions() {
        let role = Role::of_function(scenarios.shop(), &name);
        let works = |timeout| scenarios.work(&function, timeout);
        assert!(works(TIMEOUT), "{function} does not work with all its actions");
        // The duration with all actions, once everything is warm, sets the timeout of runs without
        // one.
        let started = Instant::now();
        assert!(works(TIMEOUT), "{function} does not work with all its actions");
        let timeout = LEAST_PATIENCE.max(started.elapsed() * 2);
        for without in role.reductions() {
            role.put(&without.policy);
            let started = Instant::now();
            let works = works(timeout);
            role.put(&without.whole);
            let seconds = started.elapsed().as_secs_f32();
            let outcome = if works { "works" } else { "fails" };
            println!("{function} without {}: {outcome} after {seconds:.1} s", without.action);
            if works {
                spare.push(format!("{function} does not need {}", without.action));
            }
        }
    }
    assert!(spare.is_empty(), "{spare:#?}");
}
