//! Limits of AWS and of the shop's settings, in orders a second, and the change that lifts each.
//!
//! Quotas are AWS's defaults for an account in a region, recalled and in part read on AWS's pages
//! in November 2026.

use xtask_common::prices::{Item, Region};

use super::journey::{self, Journey};

/// An order enters `PENDING`, is claimed there by the fulfilment, and leaves it.
const WRITES_OF_PENDING: f64 = 3.0;
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

/// All limits, in ascending order.
pub fn of(journey: &Journey, region: &Region) -> Vec<Limit> {
    let limit = |what: &str, most: f64, per_order: f64, change| Limit {
        what: what.to_owned(),
        orders: most / per_order,
        change,
    };
    let requests = journey.requests();
    let most_written = journey::tables().into_iter().map(|table| journey::units(table).1).fold(0.0, f64::max);
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
            "the throttle of checkouts, 5 a second unless in production",
            5.0,
            journey::times("POST /basket/checkout"),
            "--set requestsPerSecond=, --set requestBurst=",
        ),
        limit(
            "the throttle of checkouts in production, 50 a second",
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
            "pending orders by status: 1,000 write units a second for one key",
            1000.0,
            WRITES_OF_PENDING,
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
    use xtask_common::prices::PriceList;

    use super::*;
    use crate::cost::journey::Delivery;

    #[test]
    fn limits_come_in_the_order_in_which_a_growing_shop_meets_them() {
        let list = PriceList::load().unwrap();
        let limits = of(&Journey::sample(Delivery::Direct), list.region("eu-central-1").unwrap());
        assert!(limits.is_sorted_by(|a, b| a.orders <= b.orders));
        let gateway = limits.iter().find(|limit| limit.what.starts_with("API Gateway")).unwrap();
        assert!((gateway.orders - 10_000.0 / 19.0).abs() < 1e-9);
    }
}
