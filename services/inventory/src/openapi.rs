//! The routes as OpenAPI operations.

use std::borrow::Cow;

use axum::http::{Method, StatusCode};
use domain::ProductId;
use lambdakit::http::openapi::{Access, Operation};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shopkit::staff::STAFF;

use crate::api::StockView;
use crate::request::ReceivedUnits;

/// A delivery.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct StockReceipt {
    quantity: ReceivedUnits,
}

impl JsonSchema for ReceivedUnits {
    fn schema_name() -> Cow<'static, str> {
        "ReceivedUnits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": Self::MAX })
    }
}

/// The operations of the service.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let (one, receipts) = ("/stock/{productId}", "/stock/{productId}/receipts");
    let of = |operation: Operation| operation.path::<ProductId>("productId", "Names the product.");
    vec![
        of(Operation::new(Access::Group(STAFF), Method::GET, one, "readStock", "Get a product's stock"))
            .answers::<StockView>(StatusCode::OK)
            .refused(404, "Nothing of such a product was ever taken in."),
        of(Operation::new(Access::Group(STAFF), Method::POST, receipts, "takeIn", "Receive stock"))
            .named("Names the delivery: with the same key it is counted once within 30 days.")
            .takes::<StockReceipt>()
            .answers::<StockView>(StatusCode::CREATED)
            .refused(404, "That is no id of a product."),
    ]
}
