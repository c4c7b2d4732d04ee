use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::checker::Checked;
use super::{ExpectedState, Plan};

/// The results of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// The number of customers.
    pub customers: usize,
    /// How long customers bought, in seconds.
    pub seconds: u64,
    /// Operations of customers, by status.
    pub operations: BTreeMap<String, u64>,
    /// Faults in calls between functions and AWS, by kind and operation.
    pub faults: BTreeMap<String, u64>,
    /// Faults outside of calls.
    pub mischief: BTreeMap<String, u64>,
    /// Checkouts that were accepted; each must be one order.
    pub checkouts_accepted: usize,
    /// Checkouts whose response was lost, and which emptied the basket; each must be one order,
    /// too.
    pub checkouts_unanswered: usize,
    /// The number of orders by final state.
    pub ends: BTreeMap<String, u64>,
    /// The number of checks by invariant.
    pub promises: BTreeMap<String, u64>,
    /// The time until the shop was idle after the faults ended.
    pub seconds_to_quiet: u64,
    /// Violations of invariants.
    pub violations: Vec<String>,
}

impl Report {
    pub(super) fn new(
        plan: Plan,
        elapsed: Duration,
        expected: &ExpectedState,
        faults: BTreeMap<String, u64>,
        mischief: BTreeMap<String, u64>,
        checked: Checked,
    ) -> Self {
        let checkouts = expected.checkouts();
        let accepted = checkouts.iter().filter(|checkout| checkout.receipt.is_some()).count();
        Self {
            seed: plan.seed,
            customers: plan.customers,
            seconds: elapsed.as_secs(),
            operations: expected.operations(),
            faults,
            mischief,
            checkouts_accepted: accepted,
            checkouts_unanswered: checkouts.len() - accepted,
            ends: checked.ends,
            promises: checked.promises,
            seconds_to_quiet: checked.quiet_after.as_secs(),
            violations: expected.violations(),
        }
    }
}
