//! `cargo xtask cost`: the AWS bill of a month, with orders or without.

mod idle;
mod journey;
mod limits;
mod month;
mod run;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{ArgGroup, Parser, ValueEnum};
use xtask_common::paths::Paths;
use xtask_common::prices::DEFAULT_REGION;

use journey::Choice;

#[derive(Parser)]
#[command(group = ArgGroup::new("bills").required(true).multiple(true).args(["orders", "idle"]))]
pub struct Args {
    /// The bill of a stage that nobody uses, from its templates
    #[arg(long)]
    idle: bool,
    /// Services of the idle stage: `core`, `all` or names, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "core", requires = "idle")]
    services: String,
    /// A setting of the stage, e.g. `api=http`, `stage=prod` or `waf=true`; orders depend on `api` and
    /// `delivery`
    #[arg(long = "set", value_name = "NAME=VALUE")]
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

impl Args {
    /// The settings that an order's cost depends on. Others are those of an idle stage.
    fn choice(&self) -> Result<Choice> {
        let mut choice = Choice::default();
        for setting in &self.settings {
            match setting.split_once('=').unwrap_or((setting, "")) {
                ("delivery", value) => choice.delivery = one_of("delivery", value)?,
                ("api", value) => choice.api = one_of("api", value)?,
                (name, _) if !self.idle => {
                    bail!(
                        "--orders counts with the settings api and delivery; {name} is a setting for --idle"
                    )
                }
                _ => {}
            }
        }
        Ok(choice)
    }
}

fn one_of<T: ValueEnum>(name: &str, value: &str) -> Result<T> {
    T::from_str(value, false).map_err(|_| {
        let known = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let known: Vec<_> = known.map(|one| one.get_name().to_owned()).collect();
        anyhow::anyhow!("the setting {name} cannot be {value:?}: it must be {}", known.join(" or "))
    })
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
    use super::journey::{ApiKind, Delivery};
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
    fn the_cost_of_an_order_depends_on_two_settings() {
        let choice = |line: &str| {
            Args::try_parse_from(["cost", "--orders", "1"].into_iter().chain(line.split_whitespace()))
                .unwrap()
                .choice()
        };
        let expected = Choice { delivery: Delivery::Queued, api: ApiKind::Http };
        assert_eq!(choice("--set api=http --set delivery=queued").unwrap(), expected);
        assert_eq!(choice("").unwrap(), Choice::default());
        assert_eq!(choice("--idle --set waf=true").unwrap(), Choice::default());
        let refused = |line| choice(line).unwrap_err().to_string();
        assert_eq!(refused("--set api=soap"), "the setting api cannot be \"soap\": it must be rest or http");
        assert!(refused("--set waf=true").contains("api and delivery"));
    }

    #[test]
    fn a_bill_is_of_orders_or_of_an_idle_stage_or_of_both() {
        let accepted =
            |line: &str| Args::try_parse_from(["cost"].into_iter().chain(line.split_whitespace())).is_ok();
        assert!(accepted("--idle --services all --set waf=true"));
        assert!(accepted("--orders 1000 --set delivery=queued --set api=http"));
        assert!(accepted("--idle --orders 1000"));
        for line in ["", "--set delivery=direct", "--orders 1000 --services all", "--idle --peak 2"] {
            assert!(!accepted(line), "{line}");
        }
    }
}
