//! The stacks that a stage has on AWS, and whether a command can change them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use xtask_common::shop::stage::stack_name;

use crate::deploy::plan::Plan;

/// The status of each stack of a stage that exists, whether its deployment or removal ended well or
/// not.
pub struct Stacks {
    stage: String,
    /// By the service that the stack deploys.
    statuses: BTreeMap<String, String>,
}

impl Stacks {
    /// Of a stage that may have the stacks of `plan`. `statuses` are by the names of stacks.
    pub fn of(plan: &Plan, stage: &str, statuses: &BTreeMap<String, String>) -> Self {
        let status = |service: &&str| {
            Some(((*service).to_owned(), statuses.get(&stack_name(stage, service))?.clone()))
        };
        Self { stage: stage.to_owned(), statuses: plan.stacks().iter().filter_map(status).collect() }
    }

    /// The services of `plan` that have a stack.
    pub fn services(&self, plan: &Plan) -> BTreeSet<String> {
        plan.names().filter(|service| self.statuses.contains_key(*service)).map(str::to_owned).collect()
    }

    /// Fails while another command, or AWS, changes a stack.
    pub fn expect_idle(&self) -> Result<()> {
        for (service, status) in &self.statuses {
            // A deployment that was interrupted before its first resource; it goes on from there.
            if status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS" {
                bail!(
                    "another deployment or removal is at work: {} is in {status}; wait until it has ended, \
                     then run the same command again",
                    stack_name(&self.stage, service)
                );
            }
        }
        Ok(())
    }

    /// Fails if a stack of `plan` has to be repaired or removed before it can be deployed.
    pub fn expect_deployable(&self, plan: &Plan, region: &str) -> Result<()> {
        let stage = &self.stage;
        for service in plan.stacks() {
            let stack = stack_name(stage, service);
            match self.statuses.get(service).map(String::as_str) {
                Some("DELETE_FAILED") => {
                    let command = if plan.is_optional(service) {
                        format!("cargo xtask deploy --stage {stage} --without {service}")
                    } else {
                        format!("cargo xtask destroy --stage {stage}")
                    };
                    bail!("{stack} was not deleted completely (DELETE_FAILED); `{command}` deletes the rest");
                }
                Some("UPDATE_ROLLBACK_FAILED") => bail!(
                    "{stack} is in UPDATE_ROLLBACK_FAILED, between two deployments; \
                     `aws cloudformation continue-update-rollback --region {region} --stack-name {stack}` takes it \
                     back to the earlier one, then run the same command again"
                ),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks(statuses: &[(&str, &str)]) -> Stacks {
        let named = |(service, status): &(&str, &str)| (stack_name("dev", service), (*status).to_owned());
        let mut statuses: BTreeMap<_, _> = statuses.iter().map(named).collect();
        // Of the stage `dev-audit`, and so of another one.
        statuses.insert("ferrocart-dev-audit-basket".to_owned(), "UPDATE_IN_PROGRESS".to_owned());
        Stacks::of(&Plan::example(), "dev", &statuses)
    }

    fn error(result: Result<()>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn services_are_those_with_a_stack_in_any_state() {
        let half = stacks(&[
            ("foundation", "CREATE_COMPLETE"),
            ("basket", "ROLLBACK_COMPLETE"),
            ("shipping", "DELETE_FAILED"),
        ]);
        assert_eq!(Vec::from_iter(half.services(&Plan::example())), ["basket", "shipping"]);
        assert!(stacks(&[]).services(&Plan::example()).is_empty());
    }

    #[test]
    fn a_stack_that_is_being_changed_is_left_alone() {
        for status in
            ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"]
        {
            let error = error(stacks(&[("edge", status)]).expect_idle());
            assert!(error.contains("ferrocart-dev-edge") && error.contains(status), "{error}");
            assert!(error.contains("run the same command again"), "{error}");
        }
        let idle = ["REVIEW_IN_PROGRESS", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED"];
        for status in idle {
            stacks(&[("edge", status)]).expect_idle().unwrap();
        }
    }

    #[test]
    fn a_half_deleted_stack_is_deleted_before_it_is_deployed() {
        let plan = Plan::example();
        let deployable =
            |service| error(stacks(&[(service, "DELETE_FAILED")]).expect_deployable(&plan, "eu-west-1"));
        assert!(
            deployable("shipping").contains("`cargo xtask deploy --stage dev --without shipping` deletes")
        );
        assert!(deployable("basket").contains("`cargo xtask destroy --stage dev` deletes"));
        assert!(deployable("edge").contains("`cargo xtask destroy --stage dev` deletes"));
    }

    #[test]
    fn a_failed_deployment_is_repeated_by_the_same_command() {
        let plan = Plan::example();
        for status in
            ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"]
        {
            stacks(&[("basket", status)]).expect_deployable(&plan, "eu-west-1").unwrap();
        }
        let failed = stacks(&[("basket", "UPDATE_ROLLBACK_FAILED")]).expect_deployable(&plan, "eu-west-1");
        let error = error(failed);
        assert!(
            error.contains("continue-update-rollback --region eu-west-1 --stack-name ferrocart-dev-basket")
        );
    }
}
