//! The routes as OpenAPI.

use axum::http::{Method, StatusCode};
use domain::CustomerId;
use lambdakit::http::openapi::{Access, Operation};
use shopkit::staff::STAFF;

use crate::api::{Accepted, ExportView};

/// The service's operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    // For user names that are older than the shop's rule for them.
    let nobody = "There is no such customer.";
    let export = |operation: Operation| {
        operation.paged().answers::<ExportView>(StatusCode::OK).meanwhile::<Accepted>()
    };
    let erase = |operation: Operation| operation.answers::<Accepted>(StatusCode::ACCEPTED);
    let of = |operation: Operation| {
        operation
            .path::<CustomerId>("customerId", "Identifies the customer, also when the account is gone.")
            .refused(422, "That is no customer id.")
    };
    let (me, customer) = ("/me/export", "/customer/{customerId}");
    vec![
        export(Operation::new(Access::SignedIn, Method::GET, me, "exportMe", "Export one's own data"))
            .refused(404, nobody),
        erase(Operation::new(Access::SignedIn, Method::DELETE, "/me", "eraseMe", "Erase the caller's data"))
            .refused(404, nobody),
        of(export(Operation::new(
            Access::Group(STAFF),
            Method::GET,
            customer,
            "exportCustomer",
            "Export a customer's data",
        ))),
        of(erase(Operation::new(
            Access::Group(STAFF),
            Method::DELETE,
            customer,
            "eraseCustomer",
            "Erase a customer's data",
        ))),
    ]
}
