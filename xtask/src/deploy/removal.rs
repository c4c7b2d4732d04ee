//! Removes the stacks of services that a stage shall not have any more: first what they do is
//! finished, then their routes go, and then they do.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use xtask_common::interrupt;
use xtask_common::paths::Paths;
use xtask_common::shop::open_work;
use xtask_common::shop::outputs::StackOutputs;

use crate::deploy::account::Account;
use crate::deploy::cdk;
use crate::deploy::plan::{Plan, stack_name};

/// A queue in use is empty within seconds; what takes longer is stuck, or is a busy shop.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

pub struct Removal {
    services: Vec<String>,
    /// Whether tables outlive their stack.
    keeps_tables: bool,
}

impl Removal {
    pub fn of(plan: &Plan, deployed: &BTreeSet<String>, stage: &str) -> Self {
        let services = plan.removed(deployed).into_iter().map(str::to_owned).collect();
        Self { services, keeps_tables: stage.starts_with("prod") }
    }

    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(String::as_str)
    }

    pub fn is_nothing(&self) -> bool {
        self.services.is_empty()
    }

    /// Waits until the services have finished what they have begun, or fails with what is open.
    pub fn wait_until_finished(&self, account: &Account, outputs: &Path, stage: &str) -> Result<()> {
        for service in &self.services {
            let start = Instant::now();
            loop {
                let open = account.open_work(outputs, &stack_name(stage, service))?;
                if open.is_empty() {
                    break;
                }
                if start.elapsed() > PATIENCE {
                    bail!(
                        "{service} still has {}, so nothing was removed; `cargo xtask status` shows the queues, \
                         `cargo xtask dlq` what waits for a person",
                        open.join(" and ")
                    );
                }
                interrupt::sleep(PAUSE)?;
            }
        }
        Ok(())
    }

    /// What goes with the services, or stays, in a sentence per service.
    pub fn consequences(&self, outputs: &Path, stage: &str) -> Vec<String> {
        let outputs = StackOutputs::read(outputs).unwrap_or_default();
        let of = |service: &String| {
            let tables = open_work::tables(&outputs, &stack_name(stage, service));
            let shown = |(name, in_aws): &(String, String)| format!("{name} ({in_aws})");
            let tables: Vec<String> = tables.iter().map(shown).collect();
            let fate = match (tables.is_empty(), self.keeps_tables) {
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

    /// Deletes the stacks, from an assembly that has them.
    pub fn command(&self, paths: &Paths, assembly: &Path) -> Command {
        let stacks: Vec<&str> = self.services.iter().map(String::as_str).collect();
        cdk::destroy(paths, &stacks, assembly)
    }
}
