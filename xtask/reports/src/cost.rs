//! `cargo xtask cost`: the AWS bill of a month with a given number of orders, its free part, and
//! the first limits that the shop reaches.

mod journey;
mod limits;
mod prices;
mod run;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::table;

use journey::{Journey, Step};
use limits::Limit;
use prices::{Item, PriceList, Region};
use run::Run;

/// Directory of the benchmark reports.
const RUNS: &str = "tests/bench/runs";

#[derive(Parser)]
pub struct Args {
    /// Orders a month, also as 1e6
    #[arg(long, value_parser = positive)]
    orders: f64,
    /// AWS region, one that xtask/src/cost/prices.json has
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// Orders per customer and month
    #[arg(long, default_value_t = 1.0, value_parser = positive)]
    orders_per_customer: f64,
    /// Load of the busiest second, as a multiple of the average
    #[arg(long, default_value_t = 5.0, value_parser = at_least_one)]
    peak: f64,
    /// A report of `cargo xtask bench` [default: the newest in tests/bench/runs]
    #[arg(long, value_name = "FILE")]
    run: Option<PathBuf>,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let prices = PriceList::load()?;
    let region = prices.region(&args.region)?;
    let run = match &args.run {
        Some(file) => Run::read(file)?,
        None => Run::newest(&paths.root().join(RUNS))?,
    };
    let journey = Journey::of(&run)?;
    let month = Month { args, prices: &prices, region, journey: &journey };
    println!(
        "What an order is, as measured in {} and, behind `ordering-on-checkout`, counted in the code:\n\n{}",
        paths.shown(run.file()),
        order(&journey)
    );
    println!(
        "{} orders a month in {}, from {} customers: {} a second, {} in the busiest\n",
        number(args.orders),
        args.region,
        number(args.orders / args.orders_per_customer),
        number(args.orders / journey::SECONDS),
        number(month.busiest()),
    );
    println!("{}", month.bill()?);
    println!("How many orders a month are free:\n\n{}", month.free());
    println!("What stops the shop, and what to change before:\n\n{}", month.limits());
    println!("Prices as of {}, without taxes, from:", prices.dated);
    for (source, items) in prices.sources(region) {
        println!("- {source}: {}", items.join("; "));
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

/// Cost of each invocation for an order, and the total.
fn order(journey: &Journey) -> String {
    let headings =
        ["", "times", "AWS calls", "CPU ms", "GB-ms", "reads", "writes", "log bytes", "answer bytes"];
    let mut rows = vec![headings.map(str::to_owned)];
    let parts: [fn(&Step) -> f64; 7] =
        [Step::calls, Step::cpu_ms, Step::gb_ms, Step::reads, Step::writes, Step::log_bytes, |step| {
            step.answer_bytes().unwrap_or_default()
        }];
    let row = |name: &str, times: f64, of: &dyn Fn(fn(&Step) -> f64) -> f64| {
        let [calls, cpu, memory, reads, writes, logged, answered] = parts.map(|part| number(of(part)));
        [name.to_owned(), number(times), calls, cpu, memory, reads, writes, logged, answered]
    };
    for step in &journey.steps {
        rows.push(row(step.stop.name, step.stop.times, &|part| part(step)));
    }
    rows.push(row("an order", journey.per_order(|_| 1.0), &|part| journey.per_order(part)));
    let each = |item| number(journey.each(item, 1.0));
    format!(
        "{}\n{} requests to the gateway, {} invocations, {} events, {} requests to SQS, {} state transitions\n",
        table::render(&rows),
        each(Item::ApiRequests),
        each(Item::LambdaRequests),
        each(Item::Events),
        each(Item::SqsRequests),
        each(Item::StateTransitions),
    )
}

struct Month<'a> {
    args: &'a Args,
    prices: &'a PriceList,
    region: &'a Region,
    journey: &'a Journey,
}

impl Month<'_> {
    fn each(&self, item: Item) -> f64 {
        self.journey.each(item, self.args.orders_per_customer)
    }

    fn amount(&self, item: Item) -> f64 {
        journey::idle(item) + self.args.orders * self.each(item)
    }

    /// Orders in the busiest second.
    fn busiest(&self) -> f64 {
        self.args.orders * self.args.peak / journey::SECONDS
    }

    /// Whether the provisioned tables, which are free, suffice.
    fn tables_are_free(&self) -> bool {
        self.busiest() <= limits::free_tables().orders
    }

    fn dollars(&self, item: Item) -> Result<f64> {
        if self.tables_are_free() && matches!(item, Item::DynamodbReads | Item::DynamodbWrites) {
            return Ok(0.0);
        }
        self.prices.dollars(self.region, item, self.amount(item))
    }

    fn bill(&self) -> Result<String> {
        let mut rows = vec![["", "per order", "a month", "free", "dollars"].map(str::to_owned)];
        let mut total = 0.0;
        for item in Item::ALL {
            let dollars = self.dollars(item)?;
            total += dollars;
            rows.push([
                item.shown().to_owned(),
                number(self.each(item)),
                number(self.amount(item)),
                self.shown_free(item),
                format!("{dollars:.2}"),
            ]);
        }
        rows.push([
            "together".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            format!("{total:.2}"),
        ]);
        Ok(table::render(&rows))
    }

    fn shown_free(&self, item: Item) -> String {
        match item {
            Item::DynamodbReads | Item::DynamodbWrites if self.tables_are_free() => "25 a second".to_owned(),
            _ => match self.prices.free(item) {
                0.0 => "-".to_owned(),
                free => number(free),
            },
        }
    }

    /// How many orders use up each free allowance, the first one exhausted first.
    fn free(&self) -> String {
        let mut ends: Vec<(String, f64)> = Item::ALL
            .iter()
            .filter(|item| self.prices.free(**item) > 0.0 && self.each(**item) > 0.0)
            .map(|item| {
                let orders = (self.prices.free(*item) - journey::idle(*item)) / self.each(*item);
                (item.shown().to_owned(), orders.max(0.0))
            })
            .collect();
        let tables = limits::free_tables();
        ends.push((tables.what.clone(), self.a_month(&tables)));
        for item in Item::ALL.iter().filter(|item| self.each(**item) > 0.0 && self.prices.free(**item) == 0.0)
        {
            if !matches!(item, Item::DynamodbReads | Item::DynamodbWrites) {
                ends.push((item.shown().to_owned(), 0.0));
            }
        }
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let shown = |orders: f64| if orders < 1.0 { "none".to_owned() } else { number(orders.floor()) };
        table::render(&ends.into_iter().map(|(what, orders)| [what, shown(orders)]).collect::<Vec<_>>())
    }

    /// Orders a month within a limit, given the load of the busiest second.
    fn a_month(&self, limit: &Limit) -> f64 {
        limit.orders * journey::SECONDS / self.args.peak
    }

    fn limits(&self) -> String {
        let mut rows = vec![["", "orders a second", "orders a month", ""].map(str::to_owned)];
        for limit in [limits::free_tables()].into_iter().chain(limits::of(self.journey, self.region)) {
            let met = if limit.orders < self.busiest() { "too few:" } else { "" };
            rows.push([
                limit.what.clone(),
                number(limit.orders),
                number(self.a_month(&limit)),
                format!("{met:8} {}", limit.change),
            ]);
        }
        let width = rows.iter().map(|row| row[3].chars().count()).max().unwrap_or_default();
        for row in &mut rows {
            row[3] = format!("{:width$}", row[3]);
        }
        table::render(&rows)
    }
}

/// Three digits, or the whole number with thousands separators.
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() < 100.0 {
        let decimals = [10.0, 1.0, 0.1, 0.01, 0.001].iter().position(|least| value.abs() >= *least);
        let text = match decimals {
            Some(decimals) => format!("{value:.*}", decimals + 1),
            None => return format!("{value:.1e}"),
        };
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{value:.0}");
    let start = digits.len() % 3;
    let (head, rest) = digits.split_at(start);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts: Vec<String> =
        [head.to_owned()].into_iter().filter(|part| !part.is_empty()).chain(groups).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(orders: f64) -> Args {
        Args { orders, region: "us-east-1".to_owned(), orders_per_customer: 1.0, peak: 5.0, run: None }
    }

    fn dollars(orders: f64, item: Item) -> f64 {
        let (args, prices) = (args(orders), PriceList::load().unwrap());
        let region = prices.region("us-east-1").unwrap();
        let month = Month { args: &args, prices: &prices, region, journey: &Journey::sample() };
        month.dollars(item).unwrap()
    }

    #[test]
    fn a_million_orders_are_nineteen_million_requests_at_three_and_a_half_dollars_a_million() {
        assert!((dollars(1e6, Item::ApiRequests) - 66.5).abs() < 1e-6);
        // 75 million invocations, one million of them free.
        assert!((dollars(1e6, Item::LambdaRequests) - 14.8).abs() < 1e-6);
    }

    #[test]
    fn an_order_is_shown_stop_by_stop_and_as_a_whole() {
        let shown = order(&Journey::sample());
        assert!(shown.contains("GET /product/{id}"), "{shown}");
        let whole: Vec<_> = shown.lines().filter(|line| line.starts_with("an order")).collect();
        // Twenty invocations of one call, 0.12 ms of CPU and 6.5 ms at 0.25 GB each; and those that
        // were counted.
        let cells: Vec<_> = whole[0].split_whitespace().skip(2).collect();
        assert_eq!(cells, ["75", "114", "16.1", "185", "53", "98", "67,510", "18,750"], "{shown}");
    }

    #[test]
    fn tables_cost_nothing_as_long_as_the_busiest_second_fits_into_the_free_units() {
        assert!(dollars(1000.0, Item::DynamodbWrites).abs() < 1e-9);
        assert!((dollars(1e6, Item::DynamodbWrites) - 98.0 * 0.625).abs() < 1e-6);
    }

    #[test]
    fn queues_are_polled_and_alarms_watch_without_any_order() {
        let polls = 18.0 * 15.0 * 60.0 * 730.0;
        assert!((dollars(1e-6, Item::SqsRequests) - (polls - 1e6) * 0.4e-6).abs() < 1e-6);
        assert!((dollars(1e-6, Item::AlarmMetrics) - 12.6).abs() < 1e-6);
    }

    #[test]
    fn an_order_executes_five_states_and_the_first_eight_hundred_orders_are_free() {
        assert!(dollars(800.0, Item::StateTransitions).abs() < 1e-9);
        assert!((dollars(1e6, Item::StateTransitions) - (5e6 - 4000.0) * 0.025e-3).abs() < 1e-6);
    }

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        let shown = [0.0, 1.9, 0.38, 12.34, 999.6, 1e6, 123_456.0, 0.000_02, 20.0].map(number);
        assert_eq!(shown, ["0", "1.9", "0.38", "12.3", "1,000", "1,000,000", "123,456", "2.0e-5", "20"]);
    }

    #[test]
    fn orders_are_a_number_above_zero_in_any_notation() {
        assert_eq!(positive("1e6"), Ok(1e6));
        for text in ["0", "-1", "inf", "NaN", "many"] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert!(at_least_one("0.5").is_err());
    }
}
