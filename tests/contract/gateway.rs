//! The gateway has exactly the described routes, and requires sign-in where the description does.

use std::collections::BTreeMap;

use lambdakit::http::openapi::Access;
use serde_json::{Map, Value};

use crate::{name, operations};

/// The path of a resource: its own part after that of its parent; empty for the root.
fn path(resources: &Map<String, Value>, id: &Value) -> String {
    let Some(resource) = id["Ref"].as_str().and_then(|id| resources.get(id)) else { return String::new() };
    let properties = &resource["Properties"];
    format!("{}/{}", path(resources, &properties["ParentId"]), properties["PathPart"].as_str().unwrap())
}

#[test]
fn the_gateway_has_a_route_for_each_operation_and_no_other() {
    let file = std::env::var("FERROCART_TEMPLATE").unwrap_or_else(|_| {
        panic!("FERROCART_TEMPLATE is not set: run these tests with `cargo xtask test shop`")
    });
    let template: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let routes: BTreeMap<_, _> = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::ApiGateway::Method")
        .map(|method| &method["Properties"])
        // Skips CORS preflight requests, and the rejection of all other methods.
        .filter(|method| method["HttpMethod"] != "OPTIONS" && method["HttpMethod"] != "ANY")
        .map(|method| {
            let route = format!(
                "{} {}",
                method["HttpMethod"].as_str().unwrap(),
                path(resources, &method["ResourceId"])
            );
            (route, method["AuthorizationType"] == "COGNITO_USER_POOLS")
        })
        .collect();
    let described: BTreeMap<_, _> = operations()
        .iter()
        .flat_map(|(_, operations)| operations)
        .map(|operation| (name(operation), matches!(operation.access(), Access::Customer | Access::Staff)))
        .collect();
    assert_eq!(routes, described);
}
