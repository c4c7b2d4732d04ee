//! The bill of a stage that nobody uses.

use anyhow::Result;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::prices::PriceList;
use xtask_common::services::Services;
use xtask_common::steps::Steps;
use xtask_common::{cdk, idle, node};

use super::Args;

/// Templates are synthesized for it; nothing is deployed.
const ACCOUNT: &str = "111122223333";

pub fn print(paths: &Paths, args: &Args) -> Result<()> {
    PriceList::load()?.region(&args.region)?;
    let dir = paths.local().join("cost");
    let _lock = Lock::take(&dir)?;
    let mut steps = Steps::new(paths, 2);
    steps.run("node packages", |step| Ok(((), node::provide(paths, paths.root(), step)?)))?;
    let assembly = dir.join("cdk.out");
    steps.run("templates", |step| {
        let functions = cdk::placeholders(&Services::find(paths)?)?;
        let mut settings =
            vec![format!("services={}", args.services), format!("functions={}", functions.display())];
        settings.extend(args.settings.iter().cloned());
        let mut synth = cdk::synth(paths, &settings, &assembly)?;
        cdk::pretend_account(&mut synth, ACCOUNT, &args.region);
        Ok((step.run(&mut synth)?, String::new()))
    })?;
    println!("\n{}", idle::bill_in(&args.region, &assembly)?);
    Ok(())
}

/// What the documentation promises, for the templates that `cargo xtask test infra` synthesizes.
#[cfg(test)]
mod tests {
    use std::path::Path;

    use xtask_common::idle::Bill;
    use xtask_common::prices::Item;

    use super::*;
    use crate::cost::journey::Delivery;

    /// Directory with the assemblies `core`, `dev`, `http` and `prod`.
    const ASSEMBLIES: &str = "FERROCART_ASSEMBLIES";

    const ALWAYS_POLLED: [&str; 4] =
        ["ordering-on-checkout", "ordering-on-event", "payment-on-command", "shipping-on-command"];

    fn bill(assembly: &str) -> Bill {
        let dir = std::env::var(ASSEMBLIES).expect("cargo xtask test infra sets it");
        idle::bill(&Path::new(&dir).join(assembly)).unwrap()
    }

    fn amounts(bill: &Bill) -> Vec<(Item, f64)> {
        bill.charges().iter().map(|charge| (charge.item, charge.amount)).collect()
    }

    #[test]
    #[ignore = "needs the templates of `cargo xtask test infra`"]
    fn the_idle_core_costs_nothing_and_polls_one_queue() {
        let bill = bill("core");
        assert_eq!(bill.polled(), ["ordering-on-checkout"]);
        assert_eq!(amounts(&bill), [(Item::SqsRequests, 648_000.0)]);
        assert!(bill.dollars() == 0.0, "{bill}");
    }

    #[test]
    #[ignore = "needs the templates of `cargo xtask test infra`"]
    fn all_idle_services_poll_four_queues_for_less_than_seventy_cents() {
        let bill = bill("dev");
        assert_eq!(bill.polled(), ALWAYS_POLLED);
        assert_eq!(bill.polled().len(), usize::from(Delivery::Direct.polled_queues()));
        assert_eq!(amounts(&bill), [(Item::SqsRequests, 4.0 * 648_000.0)]);
        assert!(bill.dollars() <= 0.70, "{bill}");
    }

    #[test]
    #[ignore = "needs the templates of `cargo xtask test infra`"]
    fn an_idle_http_api_costs_as_little_as_a_rest_api() {
        assert_eq!(amounts(&bill("http")), amounts(&bill("dev")));
    }

    #[test]
    #[ignore = "needs the templates of `cargo xtask test infra`"]
    fn an_idle_production_stage_pays_for_queues_and_alarms_only() {
        let bill = bill("prod");
        let queues = Delivery::Queued.polled_queues();
        assert_eq!(bill.polled().len(), usize::from(queues));
        assert!(ALWAYS_POLLED.iter().all(|name| bill.polled().contains(name)), "{bill}");
        let expected = [(Item::SqsRequests, f64::from(queues) * 648_000.0), (Item::AlarmMetrics, 12.0)];
        assert_eq!(amounts(&bill), expected);
    }
}
