//! Services that were added to a stage late, and have not seen its earlier events.

use xtask_common::shop::outputs::{StackOutputs, resource_name};
use xtask_common::shop::stage::stack_name;

use crate::deploy::account::Account;

/// The time for which the bus archives its events.
const ARCHIVED: &str = "14d";

/// The command that publishes earlier events to these services, if they receive any.
pub fn advice(services: &[String], outputs: &StackOutputs, account: &Account, stage: &str) -> Option<String> {
    let receives_events = |service: &&String| {
        outputs.of(&stack_name(stage, service)).any(|(output, _)| resource_name(output, "Rule").is_some())
    };
    let services: Vec<String> = services.iter().filter(receives_events).cloned().collect();
    (!services.is_empty()).then(|| {
        format!(
            "Earlier events, which {} did not receive (docs/services.md):\n  {}",
            services.join(" and "),
            account.replay_command(stage, ARCHIVED, &services)
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use xtask_common::paths::Paths;

    use super::*;
    use crate::deploy::cdk::Environment;

    #[test]
    fn services_that_receive_events_are_offered_a_replay() {
        let paths = Paths::find().unwrap();
        let account = Account::Aws(&paths, Environment { account: String::new(), region: String::new() });
        let outputs = json!({
            "ferrocart-dev-audit": { "RuleAuditSubscription": "arn", "TableAudit": "audit" },
            "ferrocart-dev-notification": { "RuleNotificationCheckouts": "arn" },
            "ferrocart-dev-payment": { "QueuePaymentFailures": "url" },
        });
        let outputs: StackOutputs = serde_json::from_value(outputs).unwrap();
        let advice = |services: &[&str]| {
            let services: Vec<String> = services.iter().copied().map(str::to_owned).collect();
            super::advice(&services, &outputs, &account, "dev")
        };
        assert_eq!(advice(&["payment"]), None);
        let command = "cargo xtask replay --since 14d --service audit,notification --stage dev";
        assert_eq!(
            advice(&["audit", "notification", "payment"]).unwrap(),
            format!(
                "Earlier events, which audit and notification did not receive (docs/services.md):\n  {command}"
            )
        );
    }
}
