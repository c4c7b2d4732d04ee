//! Customers' exports and erasures that services have not answered.

use std::collections::BTreeSet;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shop::aws::{Aws, Service};
use crate::shop::stage::stack_name;

/// The service that stores the requests.
const OWNER: &str = "privacy";
/// The output with the name of its table.
const TABLE: &str = "TablePrivacy";

/// A request that is not complete.
pub struct OpenRequest {
    /// The services that have not answered.
    waits_for: BTreeSet<String>,
}

impl OpenRequest {
    /// Whether it could not be completed without a service.
    pub fn needs(&self, service: &str) -> bool {
        service == OWNER || self.waits_for.contains(service)
    }
}

/// The open requests of a stage; none without the service that stores them.
pub fn open(aws: &Aws, stage: &str) -> Result<Vec<OpenRequest>> {
    let Some(outputs) = aws.stack_outputs(&stack_name(stage, OWNER))? else { return Ok(Vec::new()) };
    let table = outputs.get(TABLE).with_context(|| format!("the stack of {OWNER} has no output {TABLE}"))?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .context("the clock is before 1970")?
        .as_secs();
    let mut input = json!({
        "TableName": table,
        "ConsistentRead": true,
        "FilterExpression": "#item IN (:export, :erasure) AND expiresAt > :now",
        "ExpressionAttributeNames": { "#item": "item" },
        "ExpressionAttributeValues": {
            ":export": { "S": "export" }, ":erasure": { "S": "erasure" }, ":now": { "N": now.to_string() },
        },
    });
    let mut open = Vec::new();
    loop {
        let page = aws.call(Service::DynamoDb, "Scan", &input)?;
        open.extend(page["Items"].as_array().into_iter().flatten().filter_map(unanswered));
        if page["LastEvaluatedKey"].is_null() {
            return Ok(open);
        }
        input["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    }
}

/// The request of a row, unless it is complete.
fn unanswered(row: &Value) -> Option<OpenRequest> {
    let mut waits_for = texts(&row["holders"]);
    // An erasure marks the holders that have erased; an export knows the run of each that has sent all.
    let erased = texts(&row["done"]);
    let sent = row["runs"]["M"].as_object();
    waits_for
        .retain(|holder| !erased.contains(holder) && !sent.is_some_and(|runs| runs.contains_key(holder)));
    (!waits_for.is_empty()).then_some(OpenRequest { waits_for })
}

/// The texts of a list or a set.
fn texts(attribute: &Value) -> BTreeSet<String> {
    let list = attribute["L"].as_array().into_iter().flatten().map(|text| &text["S"]);
    let set = attribute["SS"].as_array().into_iter().flatten();
    list.chain(set).filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits_for(row: &Value) -> Vec<String> {
        unanswered(row).into_iter().flat_map(|request| request.waits_for).collect()
    }

    #[test]
    fn requests_wait_for_the_holders_that_have_not_answered() {
        let holders = json!({ "L": [{ "S": "notification" }, { "S": "ordering" }] });
        assert_eq!(waits_for(&json!({ "holders": holders })), ["notification", "ordering"]);
        let erasure = json!({ "holders": holders, "done": { "SS": ["ordering"] } });
        assert_eq!(waits_for(&erasure), ["notification"]);
        let export = json!({
            "holders": holders, "done": { "SS": ["notification#1#0#last"] },
            "runs": { "M": { "notification": { "S": "1" } } },
        });
        assert_eq!(waits_for(&export), ["ordering"]);
        let complete = json!({ "holders": holders, "done": { "SS": ["notification", "ordering"] } });
        assert!(unanswered(&complete).is_none());
    }

    #[test]
    fn open_requests_need_their_holders_and_the_service_that_stores_them() {
        let request = OpenRequest { waits_for: BTreeSet::from(["realtime".to_owned()]) };
        assert_eq!(
            ["privacy", "realtime", "audit"].map(|service| request.needs(service)),
            [true, true, false]
        );
    }
}
