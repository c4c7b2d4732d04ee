//! Limits of AWS and of the shop's settings, in orders a second, and the change that lifts each.
//!
//! Quotas are AWS's defaults for an account in a region, recalled and in part read on AWS's pages
//! in November 2026.

use super::journey::{self, Journey};
use super::prices::{Item, Region};

/// Capacity units of the tables with `free-tier`: those of `infra/lib/capacity.ts`, which a test
/// compares.
const FREE_TIER: [(&str, f64, f64); 17] = [
    ("product", 2.0, 1.0),
    ("product/by-category", 2.0, 1.0),
    ("basket", 2.0, 2.0),
    ("basket/by-user-name", 1.0, 1.0),
    ("price", 2.0, 1.0),
    ("checkout", 1.0, 2.0),
    ("idempotency", 1.0, 1.0),
    ("order", 2.0, 2.0),
    ("order/by-status", 1.0, 2.0),
    ("order/by-user-name", 1.0, 1.0),
    ("fulfilment", 1.0, 1.0),
    ("stock", 1.0, 2.0),
    ("payment", 1.0, 1.0),
    ("shipment", 1.0, 1.0),
    ("mail", 1.0, 1.0),
    ("audit", 1.0, 1.0),
    ("connection", 1.0, 1.0),
];

/// An order enters each status but the last, and leaves it.
const IN_AND_OUT: f64 = 2.0;
/// Writes per product: reserved, then shipped, each in a transaction, which doubles the writes.
const STOCK_OF_A_PRODUCT: f64 = 4.0;
/// Share of product reads and of orders that concern the best-selling product.
const BEST_SELLER: f64 = 0.1;

pub struct Limit {
    pub what: String,
    /// The highest rate, in orders a second.
    pub orders: f64,
    pub change: &'static str,
}

/// The table with the lowest limit, with `free-tier`.
pub fn free_tables() -> Limit {
    let (table, orders) = FREE_TIER
        .iter()
        .map(|(table, reads, writes)| {
            let (read, written) = journey::units(table);
            (*table, (reads / read).min(writes / written))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or(("", f64::INFINITY));
    Limit { what: format!("free-tier tables: {table}"), orders, change: "--capacity on-demand" }
}

/// All other limits, in ascending order.
pub fn of(journey: &Journey, region: &Region) -> Vec<Limit> {
    let limit = |what: &str, most: f64, per_order: f64, change| Limit {
        what: what.to_owned(),
        orders: most / per_order,
        change,
    };
    let requests = journey.each(Item::ApiRequests, 1.0);
    let most_written = FREE_TIER.iter().map(|(table, ..)| journey::units(table).1).fold(0.0, f64::max);
    let mut limits = vec![
        limit(
            "a new account's 10 functions at a time",
            10.0,
            journey.busy_seconds(),
            "ask for 1,000; it is free",
        ),
        limit(
            "Lambda, 1,000 functions at a time",
            1000.0,
            journey.busy_seconds(),
            "ask for more; answer GET /product from CloudFront",
        ),
        limit(
            "the stage's throttle of checkouts, 50 a second",
            50.0,
            journey::times("POST /basket/checkout"),
            "--set requestsPerSecond=, --set requestBurst=",
        ),
        limit(
            "Cognito, 120 sign-ins a second",
            120.0,
            1.0,
            "keep refresh tokens, so that who comes back need not sign in; buy more",
        ),
        limit(
            "API Gateway, 10,000 requests a second",
            10_000.0,
            requests,
            "answer GET /product from CloudFront; ask for more; a second region",
        ),
        limit(
            "EventBridge, PutEvents",
            region.put_events_per_second,
            journey.each(Item::Events, 1.0),
            "ask for more; or a stream of Kinesis in its place",
        ),
        limit("Step Functions, executions that start", region.executions_per_second, 1.0, "ask for more"),
        limit(
            "Step Functions, state transitions",
            region.state_transitions_per_second,
            journey.each(Item::StateTransitions, 1.0),
            "ask for more; or fewer states: mark and command in one",
        ),
        limit(
            "orders by status: 1,000 write units a second for one key",
            1000.0,
            IN_AND_OUT,
            "spread each status over several keys, and ask all of them",
        ),
        limit(
            "a best-seller: 1,000 write units a second for its stock",
            1000.0,
            STOCK_OF_A_PRODUCT * BEST_SELLER,
            "spread its stock over several rows, and take from any of them",
        ),
        limit(
            "a best-seller: 3,000 read units a second for one key",
            3000.0,
            journey::times("GET /product/{id}") * BEST_SELLER,
            "answer GET /product/{id} from CloudFront",
        ),
        limit(
            "a new on-demand table: 4,000 write units a second",
            4000.0,
            most_written,
            "set the tables' warm throughput before the rush",
        ),
        limit("any table: 40,000 write units a second", 40_000.0, most_written, "ask for more"),
    ];
    limits.sort_by(|a, b| a.orders.total_cmp(&b.orders));
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::prices::PriceList;

    #[test]
    fn the_free_tables_are_those_of_the_template() {
        let template = include_str!("../../../../infra/lib/capacity.ts");
        for (table, read, write) in FREE_TIER {
            let name = if table.contains('/') || table.contains('-') {
                format!("'{table}'")
            } else {
                table.to_owned()
            };
            let line = format!("  {name}: {{ read: {read}, write: {write} }},");
            assert!(template.contains(&line), "{line}");
        }
    }

    #[test]
    fn free_tables_take_as_many_orders_as_the_smallest_of_them() {
        let limit = free_tables();
        assert_eq!(limit.what, "free-tier tables: mail");
        // Four mails of 3 KB and the contact take 13 units; the table has one a second.
        assert!((limit.orders - 1.0 / 13.0).abs() < 1e-9, "{}", limit.orders);
    }

    #[test]
    fn limits_come_in_the_order_in_which_a_growing_shop_meets_them() {
        let list = PriceList::load().unwrap();
        let limits = of(&Journey::sample(), list.region("eu-central-1").unwrap());
        assert!(limits.is_sorted_by(|a, b| a.orders <= b.orders));
        let gateway = limits.iter().find(|limit| limit.what.starts_with("API Gateway")).unwrap();
        assert!((gateway.orders - 10_000.0 / 19.0).abs() < 1e-9);
    }
}
