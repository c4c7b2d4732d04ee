//! `cargo xtask cost`: the AWS bill of a month, with orders or without.

mod idle;
mod journey;
mod limits;
mod month;
mod run;

use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgGroup, Parser};
use xtask_common::paths::Paths;
use xtask_common::prices::DEFAULT_REGION;

use journey::Delivery;

#[derive(Parser)]
#[command(group = ArgGroup::new("bills").required(true).multiple(true).args(["orders", "idle"]))]
pub struct Args {
    /// The bill of a stage that nobody uses, from its templates
    #[arg(long)]
    idle: bool,
    /// Services of the idle stage: `core`, `all` or names, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "core", requires = "idle")]
    services: String,
    /// Another setting of the idle stage, e.g. `stage=prod` or `waf=true`
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "idle")]
    settings: Vec<String>,
    /// The bill of this many orders a month, also as 1e6, in a stage with all services
    #[arg(long, value_parser = positive)]
    orders: Option<f64>,
    /// Orders per customer and month
    #[arg(long, default_value_t = 1.0, value_parser = positive, requires = "orders")]
    orders_per_customer: f64,
    /// Load of the busiest second, as a multiple of the average
    #[arg(long, default_value_t = 5.0, value_parser = at_least_one, requires = "orders")]
    peak: f64,
    /// A report of `cargo xtask bench` [default: the newest in tests/bench/runs]
    #[arg(long, value_name = "FILE", requires = "orders")]
    run: Option<PathBuf>,
    /// How events reach their consumers [default: direct; queued in production stages]
    #[arg(long, value_enum)]
    delivery: Option<Delivery>,
    /// AWS region, one that xtask/common/src/prices.json has
    #[arg(long, default_value = DEFAULT_REGION)]
    region: String,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    if args.idle {
        idle::print(paths, args)?;
    }
    if let Some(orders) = args.orders {
        month::print(paths, args, orders)?;
    }
    Ok(())
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("is not a number above zero".to_owned()),
    }
}

fn at_least_one(text: &str) -> Result<f64, String> {
    positive(text).and_then(|number| if number < 1.0 { Err("is less than 1".to_owned()) } else { Ok(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_a_number_above_zero_in_any_notation() {
        assert_eq!(positive("1e6"), Ok(1e6));
        for text in ["0", "-1", "inf", "NaN", "many"] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert!(at_least_one("0.5").is_err());
    }

    #[test]
    fn a_bill_is_of_orders_or_of_an_idle_stage_or_of_both() {
        let accepted =
            |line: &str| Args::try_parse_from(["cost"].into_iter().chain(line.split_whitespace())).is_ok();
        assert!(accepted("--idle --services all --set waf=true"));
        assert!(accepted("--orders 1000 --delivery queued"));
        assert!(accepted("--idle --orders 1000"));
        for line in ["", "--delivery direct", "--orders 1000 --services all", "--idle --peak 2"] {
            assert!(!accepted(line), "{line}");
        }
    }
}
