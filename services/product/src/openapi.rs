//! The OpenAPI description of the routes.

use axum::http::{Method, StatusCode};
use domain::product::{Category, Description, ImageFile, Price, ProductName};
use domain::{Currency, ProductId};
use lambdakit::dynamodb::page::Page;
use lambdakit::http::openapi::{Access, Operation, never_null, or_empty};
use schemars::JsonSchema;
use serde_json::{Map, Value};
use shopkit::staff::STAFF;

use crate::api::ProductView;

/// The details of a product that staff edit. An empty text counts as absent. Other fields are
/// ignored, so a product can be sent back as it was read.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct ProductDetails {
    name: ProductName,
    description: Option<Description>,
    #[schemars(transform = or_empty)]
    image_file: Option<ImageFile>,
    category: Category,
    /// With as many decimals as the shop's currency has.
    price: Price,
    /// The shop's currency; any other is rejected.
    #[schemars(transform = or_empty)]
    currency: Option<Currency>,
}

/// A JSON merge patch (RFC 7396) of a product's details: null or an empty text removes a field.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only described; `request` reads it")]
struct ProductPatch {
    #[schemars(transform = never_null)]
    name: Option<ProductName>,
    description: Option<Description>,
    #[schemars(transform = or_empty)]
    image_file: Option<ImageFile>,
    #[schemars(transform = never_null)]
    category: Option<Category>,
    /// With as many decimals as the shop's currency has.
    #[schemars(transform = never_null)]
    price: Option<Price>,
    /// The shop's currency; any other is rejected.
    #[schemars(transform = or_empty)]
    currency: Option<Currency>,
}

/// The operations of the service.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let (all, one) = ("/product", "/product/{id}");
    let of = |operation: Operation| {
        operation.path::<ProductId>("id", "Names the product.").refused(404, "There is no such product.")
    };
    vec![
        Operation::new(
            Access::Public,
            Method::GET,
            all,
            "listProducts",
            "List products, optionally by category",
        )
        .query::<Category>("category", "Only of this category.")
        .paged()
        .answers::<Page<ProductView>>(StatusCode::OK),
        Operation::new(Access::Group(STAFF), Method::POST, all, "createProduct", "Create a product")
            .takes::<ProductDetails>()
            .answers::<ProductView>(StatusCode::CREATED)
            .with_etag()
            .with_location(),
        of(Operation::new(Access::Public, Method::GET, one, "readProduct", "Get a product"))
            .conditional()
            .answers::<ProductView>(StatusCode::OK)
            .with_etag(),
        of(Operation::new(Access::Group(STAFF), Method::PUT, one, "replaceProduct", "Replace a product"))
            .conditional()
            .takes::<ProductDetails>()
            .answers::<ProductView>(StatusCode::OK)
            .with_etag(),
        of(Operation::new(
            Access::Group(STAFF),
            Method::PATCH,
            one,
            "changeProduct",
            "Update fields of a product",
        ))
        .conditional()
        .takes::<ProductPatch>()
        .answers::<ProductView>(StatusCode::OK)
        .with_etag(),
        of(Operation::new(Access::Group(STAFF), Method::DELETE, one, "removeProduct", "Delete a product"))
            .conditional(),
        Operation::new(Access::Public, Method::GET, "/openapi.json", "readDescription", "Get this document")
            .answers::<Map<String, Value>>(StatusCode::OK),
    ]
}
