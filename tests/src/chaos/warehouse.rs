use testkit::SeededRng;
use uuid::Uuid;

use super::expected::ExpectedState;
use crate::Shop;

/// Initial units of products that never run out.
pub(super) const PLENTY: i64 = 100_000;
/// Initial units of products that do.
const FEW: i64 = 20;
/// The last products of the list run out; the very last has no units at the beginning.
pub(super) const SCARCE: usize = 2;

/// Deliveries of goods. An unconfirmed delivery is repeated with its key until it is confirmed.
pub(super) struct Warehouse {
    scarce: Vec<String>,
    unanswered: Option<Delivery>,
}

struct Delivery {
    key: String,
    product: String,
    units: u64,
}

impl Warehouse {
    /// Receives the initial units, without faults.
    pub(super) fn fill(shop: &Shop, products: &[String], expected: &ExpectedState) -> Self {
        let (plenty, scarce) = products.split_at(products.len() - SCARCE);
        let first = scarce.iter().take(1).map(|product| (product, FEW));
        for (product, units) in plenty.iter().map(|product| (product, PLENTY)).chain(first) {
            let delivery = Delivery::new(product, units.unsigned_abs());
            assert!(delivery.post(shop, expected), "no units of {product} could be taken in");
        }
        Self { scarce: scarce.to_vec(), unanswered: None }
    }

    /// Receives a few units of a scarce product.
    pub(super) fn receive(&mut self, shop: &Shop, expected: &ExpectedState, rng: &mut SeededRng) {
        let product = &self.scarce[rng.pick(self.scarce.len())];
        let units = 1 + rng.pick(5) as u64;
        let delivery = self.unanswered.take().unwrap_or_else(|| Delivery::new(product, units));
        if !delivery.post(shop, expected) {
            self.unanswered = Some(delivery);
        }
    }

    /// Confirms the last delivery, without faults.
    pub(super) fn settle(&mut self, shop: &Shop, expected: &ExpectedState) {
        if let Some(delivery) = self.unanswered.take()
            && !delivery.post(shop, expected)
        {
            expected.violation(format!(
                "product {}: no units are taken in even without faults",
                delivery.product
            ));
        }
    }
}

impl Delivery {
    fn new(product: &str, units: u64) -> Self {
        Self { key: Uuid::now_v7().to_string(), product: product.to_owned(), units }
    }

    /// Whether the shop has confirmed it.
    fn post(&self, shop: &Shop, expected: &ExpectedState) -> bool {
        let path = format!("/stock/{}/receipts", self.product);
        let body = format!(r#"{{"quantity": {}}}"#, self.units);
        let answer = shop.try_send("POST", &path, &[("idempotency-key", &self.key)], body);
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        expected.count("take in", status);
        match status {
            201 => expected.received(&self.product, self.units),
            400..500 => {
                expected.violation(format!("product {}: a delivery was refused with {status}", self.product));
            }
            _ => {}
        }
        status == 201
    }
}
