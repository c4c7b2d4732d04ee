//! AWS prices by region: `prices.json`, which cites the source of each price.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

const PRICES: &str = include_str!("prices.json");

/// A billed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Item {
    ApiRequests,
    LambdaRequests,
    LambdaGbSeconds,
    DynamodbReads,
    DynamodbWrites,
    DynamodbGigabytes,
    Events,
    SqsRequests,
    /// Messages published to topics; delivery to queues is free.
    Publishes,
    StateTransitions,
    Schedules,
    LogGigabytes,
    /// Monthly active users.
    Customers,
    /// Metrics that alarms evaluate.
    AlarmMetrics,
    GigabytesOut,
}

impl Item {
    pub const ALL: [Self; 15] = [
        Self::ApiRequests,
        Self::LambdaRequests,
        Self::LambdaGbSeconds,
        Self::DynamodbReads,
        Self::DynamodbWrites,
        Self::DynamodbGigabytes,
        Self::Events,
        Self::SqsRequests,
        Self::Publishes,
        Self::StateTransitions,
        Self::Schedules,
        Self::LogGigabytes,
        Self::Customers,
        Self::AlarmMetrics,
        Self::GigabytesOut,
    ];

    pub fn shown(self) -> &'static str {
        match self {
            Self::ApiRequests => "API Gateway, requests",
            Self::LambdaRequests => "Lambda, requests",
            Self::LambdaGbSeconds => "Lambda, GB-seconds",
            Self::DynamodbReads => "DynamoDB, read units",
            Self::DynamodbWrites => "DynamoDB, write units",
            Self::DynamodbGigabytes => "DynamoDB, GB that stay",
            Self::Events => "EventBridge, events",
            Self::SqsRequests => "SQS, requests",
            Self::Publishes => "SNS, messages to topics",
            Self::StateTransitions => "Step Functions, state transitions",
            Self::Schedules => "EventBridge Scheduler, schedules",
            Self::LogGigabytes => "CloudWatch, GB of logs",
            Self::Customers => "Cognito, users who signed in",
            Self::AlarmMetrics => "CloudWatch, metrics of alarms",
            Self::GigabytesOut => "Data out, GB",
        }
    }
}

#[derive(Deserialize)]
pub struct PriceList {
    /// The day on which the list was compiled.
    pub dated: String,
    /// Sources of the prices, by a short name.
    sources: BTreeMap<String, String>,
    /// Always-free monthly allowance of an account; the allowances of the first year are left out.
    free: BTreeMap<Item, f64>,
    regions: BTreeMap<String, Region>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// Default quota of `EventBridge` for an account; it can be raised.
    pub put_events_per_second: f64,
    /// Default quotas of `Step Functions` for standard workflows of an account; they can be raised,
    /// too.
    pub executions_per_second: f64,
    pub state_transitions_per_second: f64,
    prices: BTreeMap<Item, Price>,
}

/// Price per unit, in tiers.
#[derive(Deserialize)]
struct Price {
    /// One of [`PriceList::sources`].
    read: String,
    per: f64,
    tiers: Vec<Tier>,
}

#[derive(Deserialize)]
struct Tier {
    from: f64,
    dollars: f64,
}

impl PriceList {
    pub fn load() -> Result<Self> {
        serde_json::from_str(PRICES).context("prices.json cannot be read")
    }

    pub fn region(&self, name: &str) -> Result<&Region> {
        self.regions.get(name).with_context(|| {
            let known: Vec<_> = self.regions.keys().map(String::as_str).collect();
            format!(
                "no prices of {name}, only of {}: add them to xtask/src/cost/prices.json",
                known.join(", ")
            )
        })
    }

    pub fn free(&self, item: Item) -> f64 {
        self.free.get(&item).copied().unwrap_or_default()
    }

    /// Price of an amount of an item in a month, less the free allowance.
    pub fn dollars(&self, region: &Region, item: Item, amount: f64) -> Result<f64> {
        let price = region.prices.get(&item).with_context(|| format!("no price of {}", item.shown()))?;
        Ok(price.of(amount, self.free(item)))
    }

    /// Sources of a region's prices, each with the items that it covers.
    pub fn sources<'a>(&'a self, region: &'a Region) -> Vec<(&'a str, Vec<&'static str>)> {
        let mut sources: BTreeMap<&'a str, Vec<_>> = BTreeMap::new();
        for (item, price) in &region.prices {
            let source = self.sources.get(&price.read).unwrap_or(&price.read);
            sources.entry(source).or_default().push(item.shown());
        }
        sources.into_iter().collect()
    }
}

impl Price {
    /// The free allowance reduces the first, and most expensive, units.
    fn of(&self, amount: f64, free: f64) -> f64 {
        let ends = self.tiers.iter().skip(1).map(|tier| tier.from).chain([f64::INFINITY]);
        let within = |tier: &Tier, end: f64| (amount.min(end) - free.max(tier.from)).max(0.0);
        self.tiers.iter().zip(ends).map(|(tier, end)| within(tier, end) / self.per * tier.dollars).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    #[test]
    fn each_tier_has_its_own_price_and_the_free_units_are_the_first() {
        let tier = |from, dollars| Tier { from, dollars };
        let price = Price { read: String::new(), per: 10.0, tiers: vec![tier(0.0, 3.0), tier(100.0, 2.0)] };
        assert!(about(price.of(100.0, 0.0), 30.0));
        assert!(about(price.of(150.0, 0.0), 40.0));
        assert!(about(price.of(150.0, 50.0), 25.0));
        assert!(about(price.of(150.0, 120.0), 6.0));
        assert!(about(price.of(40.0, 50.0), 0.0));
    }

    #[test]
    fn every_region_has_every_price_from_a_named_source_with_tiers_in_order() {
        let list = PriceList::load().unwrap();
        for name in ["us-east-1", "eu-central-1"] {
            let region = list.region(name).unwrap();
            for item in Item::ALL {
                let price = &region.prices[&item];
                assert!(list.sources.contains_key(&price.read), "{name} {item:?}");
                assert!(price.tiers[0].from == 0.0 && price.tiers.is_sorted_by(|a, b| a.from < b.from));
                assert!(price.tiers.is_sorted_by(|a, b| a.dollars > b.dollars), "{name} {item:?}");
            }
        }
    }

    #[test]
    fn a_region_without_prices_is_refused_with_those_that_have_some() {
        let list = PriceList::load().unwrap();
        let error = list.region("mars-north-1").err().unwrap().to_string();
        assert!(error.contains("mars-north-1") && error.contains("eu-central-1, us-east-1"), "{error}");
    }
}
