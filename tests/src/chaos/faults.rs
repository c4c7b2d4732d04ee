use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use testkit::SeededRng;
use testkit::faults::{Fault, FaultProxy, Rule};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The duration of one fault rate.
const PERIOD: Duration = Duration::from_secs(2);
/// Longer than a function's timeout for a call, so that the call takes effect after the function
/// has given up.
const LATE: Duration = Duration::from_secs(4);

/// The delay of a repeated message: later ones have been processed by then.
const AGAIN: Duration = Duration::from_secs(3);

/// Calls that send messages or events, and may be repeated.
const TELLING: [&str; 8] = [
    "PutEvents",
    "SendMessage",
    "SendMessageBatch",
    "Publish",
    "StartExecution",
    "SendTaskSuccess",
    "SendTaskFailure",
    "POST /schedules",
];

/// The schedule of faults in calls from functions to AWS: usually few calls fail, now and then half
/// of them.
#[derive(Debug)]
pub struct FaultSchedule {
    proxy: Arc<FaultProxy>,
    changes: Option<JoinHandle<()>>,
    rng: SeededRng,
    /// Runs the proxy until the run is over.
    runtime: Runtime,
}

impl FaultSchedule {
    /// A proxy without faults between the functions and AWS, at the address in `FERROCART_FAULTS`.
    #[must_use]
    pub fn without_faults(seed: u64) -> Self {
        let variable = |name| {
            std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask chaos`"))
        };
        let (address, upstream) = (variable("FERROCART_FAULTS"), variable("FERROCART_ENDPOINT"));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let proxy = Arc::new(runtime.block_on(FaultProxy::start_at(&address, &upstream, seed)));
        Self { proxy, changes: None, rng: SeededRng::new(seed ^ 0xC10D), runtime }
    }

    /// Adds a fault rule.
    pub fn add(&self, rule: Rule) {
        self.proxy.add(rule);
    }

    /// The number of delayed calls.
    #[must_use]
    pub fn delayed(&self) -> usize {
        self.proxy.delayed()
    }

    /// The number of calls that have met a fault so far.
    #[must_use]
    pub fn injected(&self) -> u64 {
        self.proxy.injected().values().sum()
    }

    /// Starts to change the faults over time.
    pub(super) fn turn(&mut self) {
        let changes = change(Arc::clone(&self.proxy), self.rng.clone());
        self.changes = Some(self.runtime.spawn(changes));
    }

    /// Ends all faults and returns the number of faults so far.
    pub(super) fn stop(&self) -> BTreeMap<String, u64> {
        if let Some(changes) = &self.changes {
            changes.abort();
        }
        self.proxy.clear();
        self.proxy.injected()
    }
}

async fn change(proxy: Arc<FaultProxy>, mut rng: SeededRng) {
    loop {
        // In one of six periods half of the calls fail, which retries do not survive.
        let strength = if rng.pick(6) == 0 { 12.0 } else { 1.0 };
        proxy.clear();
        for (fault, chance) in [
            (Fault::Refuse, 0.010),
            (Fault::LoseAnswer, 0.020),
            (Fault::Delay(LATE), 0.002),
            (Fault::Throttle, 0.010),
            (Fault::CapacityExceeded, 0.005),
            (Fault::ServerError, 0.010),
        ] {
            proxy.add(Rule::new(fault).with_chance(chance * strength));
        }
        proxy.add(Rule::new(Fault::Partial).with_chance(0.05 * strength));
        for operation in TELLING {
            proxy.add(Rule::new(Fault::Repeat(AGAIN)).on(operation).with_chance(0.05 * strength.min(6.0)));
        }
        for operation in ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"] {
            proxy.add(Rule::new(Fault::Conflict).on(operation).with_chance(0.02 * strength));
        }
        tokio::time::sleep(PERIOD).await;
    }
}
