//! The routes as OpenAPI.

use axum::http::{Method, StatusCode};
use lambdakit::openapi::{Access, Operation};

use crate::api::{Accepted, ExportView};

/// What the service answers.
#[must_use]
pub fn operations() -> Vec<Operation> {
    // Names of the user pool that the shop does not take.
    let nobody = "There is no such customer.";
    vec![
        Operation::new(
            Access::Customer,
            Method::GET,
            "/me/export",
            "exportMe",
            "Get all that is kept of oneself",
        )
        .paged()
        .answers::<ExportView>(StatusCode::OK)
        .meanwhile::<Accepted>()
        .refused(404, nobody),
        Operation::new(Access::Customer, Method::DELETE, "/me", "eraseMe", "Have oneself forgotten")
            .answers::<Accepted>(StatusCode::ACCEPTED)
            .refused(404, nobody),
    ]
}
