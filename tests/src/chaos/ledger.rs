use std::collections::BTreeMap;
use std::sync::Mutex;

use super::lock;

/// What is in a basket: pieces by product.
pub type Lines = BTreeMap<String, u64>;

/// A checkout as its customer knows it.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// Who.
    pub user: String,
    /// What was in the basket.
    pub lines: Lines,
    /// The receipt: order id and total, as they were told. None when no answer came, and the
    /// basket was found empty afterwards.
    pub receipt: Option<(String, String)>,
}

/// What the customers did and were told, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Ledger {
    operations: Mutex<BTreeMap<String, u64>>,
    checkouts: Mutex<Vec<Checkout>>,
    violations: Mutex<Vec<String>>,
}

impl Ledger {
    /// Counts an operation and its answer; 0 is none.
    pub(super) fn count(&self, operation: &str, status: u16) {
        let outcome = match status {
            0 => "no answer".to_owned(),
            status => status.to_string(),
        };
        *lock(&self.operations).entry(format!("{operation} {outcome}")).or_default() += 1;
    }

    pub(super) fn checked_out(&self, checkout: Checkout) {
        lock(&self.checkouts).push(checkout);
    }

    /// Writes down that a promise was broken.
    pub(super) fn violation(&self, what: String) {
        println!("VIOLATION  {what}");
        lock(&self.violations).push(what);
    }

    /// Every operation with how often it was answered how.
    #[must_use]
    pub fn operations(&self) -> BTreeMap<String, u64> {
        lock(&self.operations).clone()
    }

    /// The checkouts that were accepted, or must have been.
    #[must_use]
    pub fn checkouts(&self) -> Vec<Checkout> {
        lock(&self.checkouts).clone()
    }

    /// The broken promises.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    pub(super) fn summary(&self) -> String {
        let operations = self.operations();
        let failed: u64 = operations
            .iter()
            .filter(|(name, _)| name.ends_with("no answer") || name.contains(" 5"))
            .map(|(_, count)| count)
            .sum();
        format!(
            "{} operations, {failed} without an answer or with a 5xx, {} checkouts, {} violations",
            operations.values().sum::<u64>(),
            self.checkouts().len(),
            self.violations().len(),
        )
    }
}
