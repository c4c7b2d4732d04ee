//! The routes as OpenAPI operations.

use axum::http::{Method, StatusCode};
use domain::order::OrderStatus;
use domain::{DateRange, OrderId};
use lambdakit::dynamodb::page::Page;
use lambdakit::http::openapi::{Access, Operation};
use shopkit::customer::of_customer;
use shopkit::staff::STAFF;

use crate::api::OrderView;

/// The operations of the service.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let (all, one) = ("/order/{userName}", "/order/{userName}/{orderId}");
    let of = |operation: Operation| of_customer(operation, "The customer.");
    vec![
        Operation::new(
            Access::Group(STAFF),
            Method::GET,
            "/order",
            "listOrders",
            "List orders, optionally by status",
        )
        .query::<OrderStatus>("status", "Only of this status, newest first.")
        .paged()
        .answers::<Page<OrderView>>(StatusCode::OK),
        of(Operation::new(
            Access::SignedIn,
            Method::GET,
            all,
            "listOrdersOfCustomer",
            "List a customer's orders, newest first",
        ))
        .query::<DateRange>("orderDate", "Only of this moment, or of this day in UTC.")
        .paged()
        .answers::<Page<OrderView>>(StatusCode::OK),
        of(Operation::new(Access::SignedIn, Method::GET, one, "readOrder", "Get an order"))
            .path::<OrderId>("orderId", "Names the order.")
            .answers::<OrderView>(StatusCode::OK)
            .refused(404, "There is no such customer, or no such order of theirs."),
        of(Operation::new(
            Access::SignedIn,
            Method::POST,
            "/order/{userName}/{orderId}/cancel",
            "cancelOrder",
            "Cancel an order that has not shipped",
        ))
        .path::<OrderId>("orderId", "Names the order.")
        .answers::<OrderView>(StatusCode::ACCEPTED)
        .refused(404, "There is no such customer, or no such order of theirs.")
        .refused(409, "The parcel has left, the order is over, or it is being cancelled already."),
    ]
}
