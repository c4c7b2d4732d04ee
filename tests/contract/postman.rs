//! The Postman collection calls each operation, and other paths only in its folder of failures.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{name, operations};

const COLLECTION: &str = include_str!("../../postman/ferrocart.postman_collection.json");

/// The folder whose requests may have paths that do not exist.
const WRONG: &str = "What goes wrong";

/// Calling this would delete the account of the collection's user.
const UNCALLED: &str = "DELETE /me";

/// `METHOD /path` of each request, and whether it is expected to fail.
fn requests(item: &Value, wrong: bool, all: &mut Vec<(String, bool)>) {
    let wrong = wrong || item["name"].as_str().is_some_and(|name| name.ends_with(WRONG));
    if let Some(method) = item["request"]["method"].as_str() {
        let url = &item["request"]["url"];
        let url = url["raw"].as_str().or(url.as_str()).unwrap();
        if let Some(path) = url.strip_prefix("{{baseUrl}}") {
            all.push((format!("{method} {}", path.split('?').next().unwrap()), wrong));
        }
    }
    for item in item["item"].as_array().into_iter().flatten() {
        requests(item, wrong, all);
    }
}

/// Whether a request matches an operation. Path parameters may have any name.
fn is_for(request: &str, operation: &str) -> bool {
    let (request, operation): (Vec<_>, Vec<_>) =
        (request.split('/').collect(), operation.split('/').collect());
    let is_parameter = |part: &str| part.starts_with('{');
    request.len() == operation.len()
        && request.iter().zip(operation).all(|(sent, part)| {
            *sent == part || is_parameter(part) && (is_parameter(sent) || !["checkout"].contains(sent))
        })
}

#[test]
fn the_collection_calls_each_operation() {
    let collection: Value = serde_json::from_str(COLLECTION).unwrap();
    let mut all = Vec::new();
    requests(&collection, false, &mut all);
    let operations: BTreeSet<_> =
        operations().iter().flat_map(|(_, operations)| operations).map(name).collect();
    for operation in operations.iter().filter(|name| *name != UNCALLED) {
        assert!(
            all.iter().any(|(request, wrong)| !wrong && is_for(request, operation)),
            "no request of the Postman collection is for {operation}"
        );
    }
    for (request, wrong) in all {
        let known = operations.iter().any(|operation| is_for(&request, operation));
        assert!(known || wrong, "{request} is not described");
    }
}
