//! The routes as OpenAPI.

use axum::http::{Method, StatusCode};
use domain::OrderId;
use lambdakit::dynamodb::page::Page;
use lambdakit::http::openapi::{Access, Operation};
use shopkit::staff::STAFF;

use crate::api::EntryView;

/// The service's operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Access::Group(STAFF),
            Method::GET,
            "/audit/{orderId}",
            "readAudit",
            "List an order's events, oldest first",
        )
        .path::<OrderId>("orderId", "Names the order.")
        .paged()
        .answers::<Page<EntryView>>(StatusCode::OK)
        .refused(404, "What the path names cannot be an order."),
    ]
}
