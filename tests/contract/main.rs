//! The API is defined in three places: the services' routers, `docs/openapi.json` and the Postman
//! collection. These tests compare them. The gateway is made from the document (`infra`).

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod document;
mod postman;
mod routers;
mod services;

use axum::http::{Method, StatusCode};
use lambdakit::http::openapi::{About, Access, Operation};
use serde_json::{Map, Value, json};

const ABOUT: About = About {
    title: "Ferrocart",
    version: "1.0.0",
    description: "A shop: products, baskets, and orders.\n\n\
        Prices are exact decimal numbers: read them with a decimal type. Lists come in pages; a `cursor` is \
        opaque. Customers see what is theirs, staff see everything; what is somebody else's is not found.",
};

/// The operations of all services, and those that the gateway answers itself.
fn operations() -> Vec<(&'static str, Vec<Operation>)> {
    let health = Operation::new(Access::Public, Method::GET, "/health", "readHealth", "Health check")
        .answers::<Map<String, Value>>(StatusCode::OK)
        .by_gateway(json!({ "status": "ok" }));
    let services = services::services().into_iter().map(|service| (service.name, service.operations));
    services.chain([("gateway", vec![health])]).collect()
}

/// The operation's name, such as `GET /product/{id}`.
fn name(operation: &Operation) -> String {
    format!("{} {}", operation.method(), operation.path_template())
}
