//! Removes the stacks of services that a stage shall not have any more: first what they do is
//! finished, then their routes go, and then they do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use xtask_common::interrupt;
use xtask_common::shop::open_work::{self, OpenWork};
use xtask_common::shop::outputs::StackOutputs;
use xtask_common::shop::site::SITE;
use xtask_common::shop::stage::stack_name;

use crate::deploy::account::Account;
use crate::deploy::plan::Plan;

/// A queue in use is empty within seconds; what takes longer is stuck, or is a busy shop.
const TIMEOUT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// An event on its way from one service to the next is in no queue for a moment.
const SETTLE_TIME: Duration = Duration::from_secs(1);

pub struct Removal {
    stage: String,
    services: Vec<String>,
}

impl Removal {
    pub fn of(plan: &Plan, deployed: &BTreeSet<String>, stage: &str) -> Self {
        let services = plan.removed(deployed).into_iter().map(str::to_owned).collect();
        Self { stage: stage.to_owned(), services }
    }

    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(String::as_str)
    }

    pub fn is_nothing(&self) -> bool {
        self.services.is_empty()
    }

    /// Fails if a service has failed work, which an operator has to retry or delete first.
    pub fn expect_no_failure(&self, account: &Account) -> Result<()> {
        expect_no_failure(&self.open_work(account)?)
    }

    /// Waits until the services have finished what they have begun, or fails with what is open. They
    /// begin nothing new meanwhile.
    pub fn wait_until_finished(&self, account: &Account) -> Result<()> {
        if self.is_nothing() {
            return Ok(());
        }
        let open = self.open_work(account)?;
        // Before anything is changed.
        expect_no_failure(&open)?;
        let stopped = account.stop_intake(&self.stage, &self.services)?;
        if open.is_empty() && stopped.is_empty() {
            return Ok(());
        }
        let (start, mut last_open) = (Instant::now(), Instant::now());
        while last_open.elapsed() < SETTLE_TIME {
            interrupt::sleep(POLL_INTERVAL)?;
            let open = self.open_work(account)?;
            expect_no_failure(&open)?;
            let Some((service, work)) = open.first_key_value() else { continue };
            last_open = Instant::now();
            if start.elapsed() > TIMEOUT {
                bail!("{service} still has {work}, so it was not removed; {}", advice(&stopped));
            }
        }
        Ok(())
    }

    /// What the services have not finished, by their names.
    fn open_work(&self, account: &Account) -> Result<BTreeMap<String, OpenWork>> {
        if self.is_nothing() { Ok(BTreeMap::new()) } else { account.open_work(&self.stage, &self.services) }
    }

    /// What goes with the services, or stays, in a sentence per service.
    pub fn consequences(&self, outputs: &Path) -> Vec<String> {
        let outputs = StackOutputs::read(outputs).unwrap_or_default();
        let keeps_tables = self.stage.starts_with("prod");
        let of = |service: &String| {
            let tables = open_work::tables(&outputs, &stack_name(&self.stage, service));
            let shown = |(name, in_aws): &(String, String)| format!("{name} ({in_aws})");
            let tables: Vec<String> = tables.iter().map(shown).collect();
            let fate = match (tables.is_empty(), keeps_tables) {
                (true, _) => "has no tables".to_owned(),
                (false, false) => format!("goes with its data: {}", tables.join(", ")),
                (false, true) => format!(
                    "leaves its tables behind, with what they hold of customers: {}; `aws dynamodb delete-table` \
                     erases one, once its deletion protection is off",
                    tables.join(", ")
                ),
            };
            format!("{service} {fate}")
        };
        self.services.iter().map(of).collect()
    }

    /// The setting with which the infrastructure has the stacks to delete.
    pub fn setting(&self) -> String {
        format!("services={}", self.services.join(","))
    }

    /// Empties the bucket of the site, if that is removed: its stack could not be deleted otherwise.
    pub fn prepare(&self, account: &Account) -> Result<()> {
        if self.services().any(|service| service == SITE) {
            account.empty_site(&self.stage)?;
        }
        Ok(())
    }
}

/// Starts the intake of services again that a command stopped and did not remove then, in a sentence.
pub fn resume_intake(plan: &Plan, account: &Account, stage: &str) -> Result<Option<String>> {
    let services: Vec<String> = plan.names().map(str::to_owned).collect();
    let resumed = account.resume_intake(stage, &services)?;
    Ok((!resumed.is_empty()).then(|| {
        let command = account.replay_command(stage, "1h", &resumed);
        format!("{} takes up orders again; `{command}` adds those of the last hour", resumed.join(" and "))
    }))
}

/// Fails for what never ends by itself.
fn expect_no_failure(open: &BTreeMap<String, OpenWork>) -> Result<()> {
    match open.iter().find(|(_, work)| work.has_failed()) {
        Some((service, work)) => bail!(
            "{service} still has {work}, so it was not removed; `cargo xtask dlq` shows, retries or deletes \
             failed messages"
        ),
        None => Ok(()),
    }
}

fn advice(stopped: &[String]) -> String {
    let repeat = "repeat the command later (`cargo xtask status` shows the queues)";
    match stopped.first() {
        None => repeat.to_owned(),
        Some(service) => format!(
            "{service} takes up no more orders: {repeat}, or keep the service with `--services {service}`"
        ),
    }
}
