use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::lock;

/// What is in a basket: units by product.
pub type Lines = BTreeMap<String, u64>;

/// A checkout as its customer has seen it.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The customer.
    pub user: String,
    /// The lines of the basket.
    pub lines: Lines,
    /// The receipt: order id and total, as responded. `None` when the response was lost and the
    /// basket was empty afterwards.
    pub receipt: Option<(String, String)>,
}

/// Orders that customers asked to cancel.
#[derive(Clone, Debug, Default)]
pub(super) struct Cancellations {
    /// Requested, with or without a response.
    pub(super) asked: BTreeSet<String>,
    /// Accepted by the shop.
    pub(super) accepted: BTreeSet<String>,
}

/// A customer whose data was erased; another customer may have the name by now.
#[derive(Clone, Debug)]
pub(super) struct Departure {
    /// The name that they had.
    pub(super) user: String,
    /// The id that they had.
    pub(super) customer_id: String,
    /// All their orders, some of which were not final yet.
    pub(super) orders: BTreeSet<String>,
}

/// The actions and responses of all customers, and the violations found in them.
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
    /// Counts an operation and its status; 0 is no response.
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

    /// Records that a customer is about to cancel an order.
    pub(super) fn cancellation_asked(&self, order: &str) {
        lock(&self.cancellations).asked.insert(order.to_owned());
    }

    /// Records that the shop accepted the cancellation.
    pub(super) fn cancellation_accepted(&self, order: &str) {
        lock(&self.cancellations).accepted.insert(order.to_owned());
    }

    pub(super) fn cancellations(&self) -> Cancellations {
        lock(&self.cancellations).clone()
    }

    /// Records that a customer's account is deleted.
    pub(super) fn departed(&self, departure: Departure) {
        lock(&self.departures).push(departure);
    }

    pub(super) fn departures(&self) -> Vec<Departure> {
        lock(&self.departures).clone()
    }

    /// Records received units of a product, as the shop has confirmed.
    pub(super) fn received(&self, product: &str, units: u64) {
        *lock(&self.received).entry(product.to_owned()).or_default() += units;
    }

    /// All received units, by product.
    pub(super) fn all_received(&self) -> Lines {
        lock(&self.received).clone()
    }

    /// Records a violation of an invariant.
    pub(super) fn violation(&self, what: String) {
        println!("VIOLATION  {what}");
        lock(&self.violations).push(what);
    }

    /// The number of responses by operation and status.
    #[must_use]
    pub fn operations(&self) -> BTreeMap<String, u64> {
        lock(&self.operations).clone()
    }

    /// The checkouts that were accepted, or must have been.
    #[must_use]
    pub fn checkouts(&self) -> Vec<Checkout> {
        lock(&self.checkouts).clone()
    }

    /// The violations.
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
