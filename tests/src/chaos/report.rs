use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::checker::Checked;
use super::{ExpectedState, Plan};

/// What a run has shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The seed that everything followed from.
    pub seed: u64,
    /// How many customers there were.
    pub customers: usize,
    /// How long they bought.
    pub seconds: u64,
    /// What they did, and how it was answered.
    pub operations: BTreeMap<String, u64>,
    /// What was done to calls between functions and AWS, by kind and operation.
    pub faults: BTreeMap<String, u64>,
    /// What was done from outside.
    pub mischief: BTreeMap<String, u64>,
    /// Checkouts that were accepted; each must have become one order.
    pub checkouts_accepted: usize,
    /// Checkouts whose answer never came, and which emptied the basket; each must have, too.
    pub checkouts_untold: usize,
    /// How often orders ended how.
    pub ends: BTreeMap<String, u64>,
    /// How often each promise was held against something.
    pub promises: BTreeMap<String, u64>,
    /// How long it took until all was quiet, once nothing failed any more.
    pub seconds_to_quiet: u64,
    /// Broken promises.
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
            checkouts_untold: checkouts.len() - accepted,
            ends: checked.ends,
            promises: checked.promises,
            seconds_to_quiet: checked.quiet_after.as_secs(),
            violations: expected.violations(),
        }
    }
}
