//! Checks that each accepted checkout is exactly one order, and that there are no other orders.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use reqwest::Method;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::record::Record;
use crate::shop::{Customer, Shop};

/// The time that orders may still take to appear after the run.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The results of the checkouts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    accepted: usize,
    orders: usize,
    /// Accepted checkouts without an order.
    missing: usize,
    /// Orders of this run without an accepted checkout.
    surplus: usize,
    /// Checkouts without a response: each may or may not be an order.
    unanswered: u64,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.missing == 0 && u64::try_from(self.surplus).is_ok_and(|surplus| surplus <= self.unanswered)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, orders, missing, surplus, unanswered } = self;
        let word = if self.holds() { "ok" } else { "WRONG" };
        write!(formatter, "{word}: {accepted} checkouts were accepted, {orders} orders are there; ")?;
        write!(formatter, "{missing} missing, {surplus} too many, {unanswered} checkouts without an answer")
    }
}

/// Milliseconds since 1970.
pub fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Compares the accepted checkouts with the customers' orders placed since this time.
pub async fn orders(shop: &Shop, customers: &[Customer], record: &Record, since: u128) -> Result<Verdict> {
    let accepted = record.orders();
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let mut orders = BTreeSet::new();
        for customer in customers {
            orders.extend(orders_of(shop, customer, since).await?);
        }
        let verdict = Verdict {
            accepted: accepted.len(),
            orders: orders.len(),
            missing: accepted.difference(&orders).count(),
            surplus: orders.difference(&accepted).count(),
            unanswered: record.unanswered_checkouts(),
        };
        if verdict.holds() || Instant::now() > deadline {
            return Ok(verdict);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// The ids of a customer's orders since this time. Lists return the newest first.
async fn orders_of(shop: &Shop, customer: &Customer, since: u128) -> Result<Vec<String>> {
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let path = format!("/order/{}?limit=100{page}", customer.name);
        let answer = shop.send(Method::GET, &path, Some(customer), None, None).await?;
        ensure!(answer.status.is_success(), "GET /order/{} answers {}", customer.name, answer.status);
        let page = answer.body["items"].as_array().cloned().unwrap_or_default();
        let length = page.len();
        let of_run = page.iter().filter_map(|order| order["orderId"].as_str()).filter(|id| made(id) >= since);
        let before = ids.len();
        ids.extend(of_run.map(str::to_owned));
        cursor = answer.body["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() || ids.len() - before < length {
            return Ok(ids);
        }
    }
}

/// The time in an id: the first 48 bits of a UUID v7 are milliseconds since 1970 (RFC 9562).
fn made(id: &str) -> u128 {
    let digits: String = id.chars().filter(|letter| *letter != '-').take(12).collect();
    u128::from_str_radix(&digits, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        assert_eq!(made("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), 1_645_557_742_000);
    }

    #[test]
    fn a_missing_order_is_wrong_and_a_surplus_one_only_without_a_doubt() {
        let verdict =
            |missing, surplus, unanswered| Verdict { accepted: 5, orders: 5, missing, surplus, unanswered };
        assert!(verdict(0, 0, 0).holds());
        assert!(verdict(0, 1, 1).holds());
        assert!(!verdict(0, 1, 0).holds());
        assert!(!verdict(1, 0, 1).holds());
    }
}
