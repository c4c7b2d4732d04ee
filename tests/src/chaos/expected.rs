use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::lock;

/// What is in a basket: units by product.
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

/// Orders that customers wanted cancelled.
#[derive(Clone, Debug, Default)]
pub(super) struct Cancellations {
    /// Whether or not there was an answer.
    pub(super) asked: BTreeSet<String>,
    /// The shop said that it would see to it.
    pub(super) accepted: BTreeSet<String>,
}

/// A customer who has had their data erased; somebody else may have their name by now.
#[derive(Clone, Debug)]
pub(super) struct Departure {
    /// The name that they had.
    pub(super) user: String,
    /// The id that they had.
    pub(super) customer_id: String,
    /// All their orders, some of which were not over yet.
    pub(super) orders: BTreeSet<String>,
}

/// What the customers did and were told, and what was wrong with it.
#[derive(Debug, Default)]
pub struct ExpectedState {
    operations: Mutex<BTreeMap<String, u64>>,
    checkouts: Mutex<Vec<Checkout>>,
    cancellations: Mutex<Cancellations>,
    departures: Mutex<Vec<Departure>>,
    received: Mutex<Lines>,
    violations: Mutex<Vec<String>>,
}

impl ExpectedState {
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

    /// A customer is about to ask for an order to be cancelled.
    pub(super) fn cancellation_asked(&self, order: &str) {
        lock(&self.cancellations).asked.insert(order.to_owned());
    }

    /// The shop said that it would see to it.
    pub(super) fn cancellation_accepted(&self, order: &str) {
        lock(&self.cancellations).accepted.insert(order.to_owned());
    }

    pub(super) fn cancellations(&self) -> Cancellations {
        lock(&self.cancellations).clone()
    }

    /// A customer's account is gone.
    pub(super) fn departed(&self, departure: Departure) {
        lock(&self.departures).push(departure);
    }

    pub(super) fn departures(&self) -> Vec<Departure> {
        lock(&self.departures).clone()
    }

    /// Units of a product came in, as the shop has confirmed.
    pub(super) fn received(&self, product: &str, units: u64) {
        *lock(&self.received).entry(product.to_owned()).or_default() += units;
    }

    /// Units that came in, by product.
    pub(super) fn all_received(&self) -> Lines {
        lock(&self.received).clone()
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
