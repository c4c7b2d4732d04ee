//! The routes as OpenAPI operations.

use axum::http::{Method, StatusCode};
use domain::OrderId;
use lambdakit::http::openapi::{Access, Operation};
use shopkit::staff::STAFF;

use crate::api::PaymentView;
use crate::webhook::{Receipt, Webhook};

/// The operations of the service.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Access::Group(STAFF),
            Method::GET,
            "/payment/{orderId}",
            "readPayment",
            "Get an order's payment",
        )
        .path::<OrderId>("orderId", "Names the order.")
        .answers::<PaymentView>(StatusCode::OK)
        .refused(404, "There is no such order, or nothing was asked for it yet."),
        Operation::new(
            Access::Signed,
            Method::POST,
            "/payment/webhook",
            "receivePaymentWebhook",
            "Receive a webhook of the payment provider",
        )
        .takes::<Webhook>()
        .answers::<Receipt>(StatusCode::OK)
        .refused(404, "There is no payment of such an order.")
        .refused(
            422,
            "The body is no such webhook, or its charge is not that of the order or cannot be: for \
            example, more was refunded than charged.",
        ),
    ]
}
