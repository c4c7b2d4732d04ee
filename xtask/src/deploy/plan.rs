//! The services that a stage shall have, as `infra/services.ts` selects them.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::Deserialize;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::shop::site::SITE;

/// The stacks that every stage has: the first and the last one.
const FOUNDATION: &str = "foundation";
const EDGE: &str = "edge";
/// The crate whose function the foundation deploys.
const IDENTITY: &str = "identity";

#[derive(Default, Parser)]
pub struct ServicesArgs {
    /// Services to deploy: `core`, `all`, or some by name, separated by commas. What a service needs
    /// is added; what is deployed already stays
    #[arg(long, value_name = "NAMES")]
    services: Option<String>,
    /// Services to remove, separated by commas
    #[arg(long, value_name = "NAMES")]
    without: Option<String>,
    /// Deploy this service alone, and the edge if its routes changed
    #[arg(long, value_name = "NAME", conflicts_with_all = ["services", "without", "settings"])]
    only: Option<String>,
}

impl ServicesArgs {
    /// The service that is deployed alone.
    pub fn only(&self) -> Option<&str> {
        self.only.as_deref()
    }

    /// Selects the services of a stage that has `deployed`, and of a new one by `default`.
    pub fn plan(
        &self,
        paths: &Paths,
        deployed: &BTreeSet<String>,
        default: &str,
        settings: &[String],
    ) -> Result<Plan> {
        let without = self.without.as_deref().unwrap_or_default();
        let asked = self.services.as_deref().or(self.only.as_deref());
        let mut wanted: Vec<&str> = deployed.iter().map(String::as_str).collect();
        wanted.extend(asked.or(deployed.is_empty().then_some(default)));
        Plan::of(paths, &wanted.join(","), without, settings)
    }

    /// Whether a service was asked for by its name.
    fn names(&self, service: &str) -> bool {
        let asked = self.services.iter().chain(&self.only);
        asked.flat_map(|names| names.split(',')).any(|name| name.trim() == service || name.trim() == "all")
    }
}

/// The services of a stage.
pub struct Plan {
    services: Vec<Planned>,
}

#[derive(Deserialize)]
struct Planned {
    name: String,
    core: bool,
    needs: Vec<String>,
    /// None for the site, which has no function.
    #[serde(rename = "crate")]
    package: Option<String>,
}

impl Plan {
    fn of(paths: &Paths, services: &str, without: &str, settings: &[String]) -> Result<Self> {
        let mut node = process::command("node", &paths.infra());
        node.args(["--import", "tsx", "plan.ts"]).args(settings);
        node.arg(format!("services={services}")).arg(format!("without={without}"));
        let output = node.output().context("cannot run node")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let services = serde_json::from_slice(&output.stdout).context("cannot read the plan of services")?;
        Ok(Self { services })
    }

    /// Fails with the first setting that the infrastructure does not take.
    pub fn expect_settings(paths: &Paths, settings: &[String]) -> Result<()> {
        Self::of(paths, "", "", settings).map(drop)
    }

    /// Every service.
    pub fn all(paths: &Paths) -> Result<Self> {
        Self::of(paths, "all", "", &[])
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|service| &*service.name)
    }

    /// The services that join others which are deployed already.
    pub fn joining(&self, deployed: &BTreeSet<String>) -> Vec<String> {
        if deployed.is_empty() {
            return Vec::new();
        }
        self.names().filter(|name| !deployed.contains(*name)).map(str::to_owned).collect()
    }

    /// The packages of their executables.
    pub fn packages(&self) -> BTreeSet<&str> {
        self.services.iter().filter_map(|service| service.package.as_deref()).chain([IDENTITY]).collect()
    }

    /// Whether the stage has the shop's pages.
    pub fn has_site(&self) -> bool {
        self.names().any(|name| name == SITE)
    }

    /// As the infrastructure's setting `services`.
    pub fn setting(&self) -> String {
        format!("services={}", self.names().collect::<Vec<_>>().join(","))
    }

    /// The stacks of the stage in the order of their deployment, each by the service that it
    /// deploys.
    pub fn stacks(&self) -> Vec<&str> {
        [FOUNDATION].into_iter().chain(self.names()).chain([EDGE]).collect()
    }

    /// The stacks that a deployment changes: all of them, or those of one service, of what it needs
    /// and the stage does not have yet, and the edge.
    pub fn stacks_to_deploy(&self, only: Option<&str>, deployed: &BTreeSet<String>) -> Vec<&str> {
        let Some(only) = only else { return self.stacks() };
        let is_changed = |stack: &&str| match *stack {
            FOUNDATION => deployed.is_empty(),
            EDGE => true,
            service => service == only || !deployed.contains(service),
        };
        self.stacks().into_iter().filter(is_changed).collect()
    }

    /// One line for each service that was added because others need it.
    pub fn added<'a>(
        &'a self,
        args: &'a ServicesArgs,
        deployed: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = String> + 'a {
        let is_added = |service: &&Planned| {
            !service.core && !deployed.contains(&service.name) && !args.names(&service.name)
        };
        self.services.iter().filter(is_added).filter_map(|added| {
            let needed_by = |other: &&Planned| other.needs.contains(&added.name);
            let by: Vec<&str> = self.services.iter().filter(needed_by).map(|other| &*other.name).collect();
            (!by.is_empty())
                .then(|| format!("{} is deployed, too: {} needs it", added.name, by.join(" and ")))
        })
    }

    /// Whether a stage can do without this stack.
    pub fn is_optional(&self, stack: &str) -> bool {
        self.services.iter().any(|service| service.name == stack && !service.core)
    }

    /// The deployed services that the stage shall not have any more.
    pub fn removed<'a>(&'a self, deployed: &'a BTreeSet<String>) -> Vec<&'a str> {
        let kept: BTreeSet<&str> = self.names().collect();
        deployed.iter().map(String::as_str).filter(|name| !kept.contains(name)).collect()
    }
}

#[cfg(test)]
impl Plan {
    /// A service of the core, and one that needs another.
    pub fn example() -> Self {
        let json = r#"[{"name": "basket", "core": true, "needs": [], "crate": "basket"},
            {"name": "fulfilment", "core": false, "needs": ["shipping"], "crate": "ordering"},
            {"name": "shipping", "core": false, "needs": [], "crate": "shipping"}]"#;
        Self { services: serde_json::from_str(json).unwrap() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::example()
    }

    fn args(services: &str) -> ServicesArgs {
        ServicesArgs { services: Some(services.to_owned()), without: None, only: None }
    }

    #[test]
    fn a_plan_has_the_stacks_of_its_services_between_foundation_and_edge() {
        assert_eq!(plan().stacks(), ["foundation", "basket", "fulfilment", "shipping", "edge"]);
        assert_eq!(Vec::from_iter(plan().packages()), ["basket", "identity", "ordering", "shipping"]);
    }

    #[test]
    fn one_service_is_deployed_with_what_it_lacks_and_the_edge() {
        let there = BTreeSet::from(["basket".to_owned()]);
        assert_eq!(plan().stacks_to_deploy(Some("basket"), &plan_names()), ["basket", "edge"]);
        assert_eq!(plan().stacks_to_deploy(Some("fulfilment"), &there), ["fulfilment", "shipping", "edge"]);
        let first = plan();
        assert_eq!(first.stacks_to_deploy(Some("basket"), &BTreeSet::new()), first.stacks());
        assert_eq!(first.stacks_to_deploy(None, &there), first.stacks());
    }

    fn plan_names() -> BTreeSet<String> {
        plan().names().map(str::to_owned).collect()
    }

    #[test]
    fn a_service_that_was_not_asked_for_is_explained_once() {
        let none = BTreeSet::new();
        let (asked, all) = (args("fulfilment"), args("all"));
        let (plan, there) = (plan(), BTreeSet::from(["shipping".to_owned()]));
        let added: Vec<_> = plan.added(&asked, &none).collect();
        assert_eq!(added, ["shipping is deployed, too: fulfilment needs it"]);
        assert_eq!(plan.added(&asked, &there).count(), 0);
        assert_eq!(plan.added(&all, &none).count(), 0);
    }

    #[test]
    fn what_is_deployed_and_not_planned_is_removed() {
        let deployed = BTreeSet::from(["basket".to_owned(), "audit".to_owned()]);
        assert_eq!(plan().removed(&deployed), ["audit"]);
    }
}
