//! The route as OpenAPI.

use axum::http::{Method, StatusCode};
use domain::OrderId;
use lambdakit::http::openapi::{Access, Operation};
use shopkit::staff::STAFF;

use crate::api::ShipmentView;

/// The service's operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Access::Group(STAFF),
            Method::GET,
            "/shipment/{orderId}",
            "readShipment",
            "Get an order's shipment",
        )
        .path::<OrderId>("orderId", "Names the order.")
        .answers::<ShipmentView>(StatusCode::OK)
        .refused(404, "There is no shipment of such an order."),
    ]
}
