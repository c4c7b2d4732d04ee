//! The routes as OpenAPI.

use axum::http::{Method, StatusCode};
use lambdakit::dynamodb::page::Page;
use lambdakit::http::openapi::{Access, Operation};

use crate::api::FoundProduct;
use crate::query::QueryText;

/// The service's operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Access::Public,
            Method::GET,
            "/search",
            "searchProducts",
            "Find products by words of their name, category and description",
        )
        .required_query::<QueryText>(
            "q",
            "Up to 8 words, all of which the products have; the last one may be the beginning of a word.",
        )
        .paged()
        .answers::<Page<FoundProduct>>(StatusCode::OK),
    ]
}
