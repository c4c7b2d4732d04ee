//! The bill of a month with a given number of orders, its free part, and the first limits that the
//! shop reaches.

use anyhow::Result;
use xtask_common::paths::Paths;
use xtask_common::prices::{Item, PriceList, Region, SECONDS};
use xtask_common::table::{self, number};

use super::Args;
use super::journey::{Journey, Step};
use super::limits::{self, Limit};
use super::run::Run;

/// Directory of the benchmark reports.
pub const RUNS: &str = "tests/bench/runs";

struct Month<'a> {
    orders: f64,
    orders_per_customer: f64,
    /// Load of the busiest second, as a multiple of the average.
    peak: f64,
    prices: &'a PriceList,
    region: &'a Region,
    journey: &'a Journey,
}

pub fn print(paths: &Paths, args: &Args, orders: f64) -> Result<()> {
    let prices = PriceList::load()?;
    let region = prices.region(&args.region)?;
    let run = match &args.run {
        Some(file) => Run::read(file)?,
        None => Run::newest(&paths.root().join(RUNS))?,
    };
    let journey = Journey::of(&run, args.choice()?)?;
    let month = Month {
        orders,
        orders_per_customer: args.orders_per_customer,
        peak: args.peak,
        prices: &prices,
        region,
        journey: &journey,
    };
    println!(
        "What an order is, as measured in {} and, behind `ordering-on-checkout`, counted in the code:\n\n{}",
        paths.shown(run.file()),
        order(&journey)
    );
    println!(
        "{} orders a month in {}, from {} customers, with {} delivery and {}: {} a second, {} in the busiest\n",
        number(orders),
        args.region,
        number(orders / args.orders_per_customer),
        journey.choice.delivery.name(),
        journey.choice.api.shown(),
        number(orders / SECONDS),
        number(month.busiest()),
    );
    println!("{}", month.bill()?);
    println!("How many orders a month are free:\n\n{}", month.free());
    println!("What stops the shop, and what to change before:\n\n{}", month.limits());
    println!("Prices as of {}, without taxes, from:", prices.dated);
    for (source, items) in prices.sources(region, &journey.items())? {
        println!("- {source}: {}", items.join("; "));
    }
    println!("\nNot billed:");
    for (what, source) in prices.without_price() {
        println!("- {what} ({source})");
    }
    Ok(())
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
        number(journey.requests()),
        each(Item::LambdaRequests),
        each(Item::Events),
        each(Item::SqsRequests),
        each(Item::StateTransitions),
    )
}

impl Month<'_> {
    fn each(&self, item: Item) -> f64 {
        self.journey.each(item, self.orders_per_customer)
    }

    fn amount(&self, item: Item) -> f64 {
        self.journey.idle(item) + self.orders * self.each(item)
    }

    /// Orders in the busiest second.
    fn busiest(&self) -> f64 {
        self.orders * self.peak / SECONDS
    }

    fn dollars(&self, item: Item) -> Result<f64> {
        self.prices.dollars(self.region, item, self.amount(item))
    }

    fn bill(&self) -> Result<String> {
        let mut rows = vec![["", "per order", "a month", "free", "dollars"].map(str::to_owned)];
        let mut total = 0.0;
        for item in self.journey.items() {
            let dollars = self.dollars(item)?;
            total += dollars;
            let free = match self.prices.free(item) {
                0.0 => "-".to_owned(),
                free => number(free),
            };
            rows.push([
                item.shown().to_owned(),
                number(self.each(item)),
                number(self.amount(item)),
                free,
                format!("{dollars:.2}"),
            ]);
        }
        let sum = |name: &str, dollars: f64| [name, "", "", "", &format!("{dollars:.2}")].map(str::to_owned);
        rows.push(sum("together", total));
        rows.push(sum("without Cognito", total - self.dollars(Item::Customers)?));
        Ok(table::render(&rows))
    }

    /// How many orders use up each free allowance, the first one exhausted first.
    fn free(&self) -> String {
        let mut ends: Vec<(&str, f64)> = self
            .journey
            .items()
            .into_iter()
            .map(|item| {
                let orders = (self.prices.free(item) - self.journey.idle(item)) / self.each(item);
                (item.shown(), orders.max(0.0))
            })
            .collect();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        let shown = |orders: f64| if orders < 1.0 { "none".to_owned() } else { number(orders.floor()) };
        let rows: Vec<_> = ends.into_iter().map(|(what, orders)| [what.to_owned(), shown(orders)]).collect();
        table::render(&rows)
    }

    /// Orders a month within a limit, given the load of the busiest second.
    fn a_month(&self, limit: &Limit) -> f64 {
        limit.orders * SECONDS / self.peak
    }

    fn limits(&self) -> String {
        let mut rows = vec![["", "orders a second", "orders a month", ""].map(str::to_owned)];
        for limit in limits::of(self.journey, self.region) {
            let met = if limit.orders < self.busiest() { "too few:" } else { "" };
            rows.push([
                limit.what.clone(),
                number(limit.orders),
                number(self.a_month(&limit)),
                format!("{met:8} {}", limit.change),
            ]);
        }
        table::align_left(&mut rows, 3);
        table::render(&rows)
    }
}

#[cfg(test)]
mod tests {
    use xtask_common::prices::DEFAULT_REGION;

    use super::*;
    use crate::cost::journey::{ApiKind, Delivery};

    fn dollars(orders: f64, delivery: Delivery, item: Item) -> f64 {
        let prices = PriceList::load().unwrap();
        let region = prices.region(DEFAULT_REGION).unwrap();
        let journey = &Journey::sample(delivery);
        let month = Month { orders, orders_per_customer: 1.0, peak: 5.0, prices: &prices, region, journey };
        month.dollars(item).unwrap()
    }

    #[test]
    fn a_million_orders_are_nineteen_million_requests_at_three_and_a_half_dollars_a_million() {
        assert!((dollars(1e6, Delivery::Direct, Item::ApiRequests) - 66.5).abs() < 1e-6);
        // 73 million invocations, one million of them free.
        assert!((dollars(1e6, Delivery::Direct, Item::LambdaRequests) - 14.4).abs() < 1e-6);
    }

    #[test]
    fn an_http_api_costs_a_dollar_per_million_requests() {
        let mut journey = Journey::sample(Delivery::Direct);
        journey.choice.api = ApiKind::Http;
        let prices = PriceList::load().unwrap();
        let region = prices.region(DEFAULT_REGION).unwrap();
        let month = |orders| Month {
            orders,
            orders_per_customer: 1.0,
            peak: 5.0,
            prices: &prices,
            region,
            journey: &journey,
        };
        assert!((month(1e6).dollars(Item::HttpApiRequests).unwrap() - 19.0).abs() < 1e-6);
        assert!((month(1e8).dollars(Item::HttpApiRequests).unwrap() - (300.0 + 1600.0 * 0.9)).abs() < 1e-6);
        assert!(month(1e6).dollars(Item::ApiRequests).unwrap().abs() < 1e-9);
    }

    #[test]
    fn an_order_is_shown_stop_by_stop_and_as_a_whole() {
        let shown = order(&Journey::sample(Delivery::Direct));
        assert!(shown.contains("GET /product/{id}"), "{shown}");
        let whole: Vec<_> = shown.lines().filter(|line| line.starts_with("an order")).collect();
        // Twenty invocations of one call, 0.12 ms of CPU and 6.5 ms at 0.25 GB each; and those that
        // were counted.
        let cells: Vec<_> = whole[0].split_whitespace().skip(2).collect();
        assert_eq!(cells, ["73", "111", "15.7", "180", "49", "98", "65,830", "18,750"], "{shown}");
    }

    #[test]
    fn tables_are_paid_per_request_from_the_first_one() {
        assert!((dollars(1000.0, Delivery::Direct, Item::DynamodbWrites) - 98.0 * 0.625e-3).abs() < 1e-9);
    }

    #[test]
    fn queues_are_polled_without_any_order_and_seven_messages_of_an_order_take_three_requests_each() {
        let requests = |queues: f64, messages: f64| queues * 648_000.0 + messages * 3.0 * 1e6;
        for (delivery, expected) in
            [(Delivery::Direct, requests(4.0, 7.0)), (Delivery::Queued, requests(19.0, 35.0))]
        {
            assert!((dollars(1e6, delivery, Item::SqsRequests) - (expected - 1e6) * 0.4e-6).abs() < 1e-6);
        }
    }

    #[test]
    fn an_order_executes_five_states_and_the_first_eight_hundred_orders_are_free() {
        let transitions = |orders| dollars(orders, Delivery::Direct, Item::StateTransitions);
        assert!(transitions(800.0).abs() < 1e-9);
        assert!((transitions(1e6) - (5e6 - 4000.0) * 0.025e-3).abs() < 1e-6);
    }
}
