//! AWS prices by region: `prices.json`, which cites the source of each price.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

const PRICES: &str = include_str!("prices.json");

/// The region whose prices are used unless another one is named.
pub const DEFAULT_REGION: &str = "us-east-1";

/// A month in all computations: 30 days.
pub const HOURS: f64 = 720.0;
pub const SECONDS: f64 = HOURS * 3600.0;

/// A billed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Item {
    /// Of a REST API.
    ApiRequests,
    /// Of an HTTP API, in steps of 512 KB.
    HttpApiRequests,
    LambdaRequests,
    LambdaGbSeconds,
    DynamodbReads,
    DynamodbWrites,
    DynamodbGigabytes,
    /// Provisioned capacity units, times hours.
    ReadCapacityHours,
    WriteCapacityHours,
    Events,
    SqsRequests,
    /// Messages published to topics; delivery to queues and functions is free.
    Publishes,
    StateTransitions,
    Schedules,
    LogGigabytes,
    /// Monthly active users.
    Customers,
    /// Metrics that alarms evaluate.
    AlarmMetrics,
    GigabytesOut,
    Secrets,
    AdvancedParameters,
    KmsKeys,
    WebAcls,
    WebAclRules,
    NatGatewayHours,
}

impl Item {
    pub const ALL: [Self; 24] = [
        Self::ApiRequests,
        Self::HttpApiRequests,
        Self::LambdaRequests,
        Self::LambdaGbSeconds,
        Self::DynamodbReads,
        Self::DynamodbWrites,
        Self::DynamodbGigabytes,
        Self::ReadCapacityHours,
        Self::WriteCapacityHours,
        Self::Events,
        Self::SqsRequests,
        Self::Publishes,
        Self::StateTransitions,
        Self::Schedules,
        Self::LogGigabytes,
        Self::Customers,
        Self::AlarmMetrics,
        Self::GigabytesOut,
        Self::Secrets,
        Self::AdvancedParameters,
        Self::KmsKeys,
        Self::WebAcls,
        Self::WebAclRules,
        Self::NatGatewayHours,
    ];

    pub fn shown(self) -> &'static str {
        match self {
            Self::ApiRequests => "API Gateway, requests to a REST API",
            Self::HttpApiRequests => "API Gateway, requests to an HTTP API",
            Self::LambdaRequests => "Lambda, requests",
            Self::LambdaGbSeconds => "Lambda, GB-seconds",
            Self::DynamodbReads => "DynamoDB, read units",
            Self::DynamodbWrites => "DynamoDB, write units",
            Self::DynamodbGigabytes => "DynamoDB, GB that stay",
            Self::ReadCapacityHours => "DynamoDB, hours of read capacity",
            Self::WriteCapacityHours => "DynamoDB, hours of write capacity",
            Self::Events => "EventBridge, events",
            Self::SqsRequests => "SQS, requests",
            Self::Publishes => "SNS, messages to topics",
            Self::StateTransitions => "Step Functions, state transitions",
            Self::Schedules => "EventBridge Scheduler, schedules",
            Self::LogGigabytes => "CloudWatch, GB of logs",
            Self::Customers => "Cognito, users who signed in",
            Self::AlarmMetrics => "CloudWatch, metrics of alarms",
            Self::GigabytesOut => "Data out, GB",
            Self::Secrets => "Secrets Manager, secrets",
            Self::AdvancedParameters => "SSM, advanced parameters",
            Self::KmsKeys => "KMS, keys",
            Self::WebAcls => "WAF, access lists",
            Self::WebAclRules => "WAF, rules",
            Self::NatGatewayHours => "VPC, hours of NAT gateways",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceList {
    pub dated: String,
    sources: BTreeMap<String, String>,
    /// Always-free allowance per month; allowances of the first year are left out.
    free: BTreeMap<Item, f64>,
    without_price: Vec<WithoutPrice>,
    /// Prices of the regions that do not have their own.
    all_regions: BTreeMap<Item, Price>,
    regions: BTreeMap<String, Region>,
}

/// Usage that AWS does not bill.
#[derive(Deserialize)]
struct WithoutPrice {
    what: String,
    /// One of [`PriceList::sources`].
    read: String,
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
                "no prices of {name}, only of {}: add them to xtask/common/src/prices.json",
                known.join(", ")
            )
        })
    }

    pub fn free(&self, item: Item) -> f64 {
        self.free.get(&item).copied().unwrap_or_default()
    }

    /// Price of an amount of an item in a month, less the free allowance.
    pub fn dollars(&self, region: &Region, item: Item, amount: f64) -> Result<f64> {
        Ok(self.price(region, item)?.of(amount, self.free(item)))
    }

    /// Where the price of an item was read.
    pub fn source<'a>(&'a self, region: &'a Region, item: Item) -> Result<&'a str> {
        let read = &self.price(region, item)?.read;
        Ok(self.shown_source(read))
    }

    /// Sources of the prices of these items, each with those that it covers.
    pub fn sources<'a>(
        &'a self,
        region: &'a Region,
        items: &[Item],
    ) -> Result<Vec<(&'a str, Vec<&'static str>)>> {
        let mut sources: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for item in items {
            sources.entry(self.source(region, *item)?).or_default().push(item.shown());
        }
        Ok(sources.into_iter().collect())
    }

    /// Usage that is not billed, each with where that was read.
    pub fn without_price(&self) -> impl Iterator<Item = (&str, &str)> {
        self.without_price.iter().map(|one| (&*one.what, self.shown_source(&one.read)))
    }

    fn price<'a>(&'a self, region: &'a Region, item: Item) -> Result<&'a Price> {
        let price = region.prices.get(&item).or_else(|| self.all_regions.get(&item));
        price.with_context(|| format!("no price of {}", item.shown()))
    }

    fn shown_source<'a>(&'a self, read: &'a str) -> &'a str {
        self.sources.get(read).map_or(read, String::as_str)
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
    use std::collections::BTreeSet;

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
        for (name, region) in &list.regions {
            for item in Item::ALL {
                let price = list.price(region, item).unwrap();
                assert!(list.sources.contains_key(&price.read), "{name} {item:?}");
                assert!(price.tiers[0].from == 0.0 && price.tiers.is_sorted_by(|a, b| a.from < b.from));
                assert!(price.tiers.is_sorted_by(|a, b| a.dollars > b.dollars), "{name} {item:?}");
            }
        }
    }

    #[test]
    fn every_source_is_used() {
        let list = PriceList::load().unwrap();
        let regional = list.regions.values().flat_map(|region| region.prices.values());
        let prices = list.all_regions.values().chain(regional).map(|price| &price.read);
        let read: BTreeSet<&String> =
            prices.chain(list.without_price.iter().map(|usage| &usage.read)).collect();
        assert_eq!(read, list.sources.keys().collect());
    }

    #[test]
    fn a_region_without_prices_is_refused_with_those_that_have_some() {
        let list = PriceList::load().unwrap();
        let error = list.region("mars-north-1").err().unwrap().to_string();
        assert!(error.contains("mars-north-1") && error.contains("eu-central-1, us-east-1"), "{error}");
    }
}
