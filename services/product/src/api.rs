//! The routes under `/product`, and the OpenAPI document of the shop.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::product::{Category, Description, ImageFile, Product, ProductName};
use domain::{Amount, Currency, ProductId, Timestamp};
use lambdakit::dynamodb::page::Page;
use lambdakit::http::api::{Body, Path};
use lambdakit::http::etag::{Preconditions, ReadCondition, etag, not_modified};
use lambdakit::http::parameters::Parameters;
use lambdakit::{Problem, telemetry};
use serde::Serialize;
use serde_json::{Value, json};
use shopkit::deployed::DeployedServices;
use shopkit::staff::Staff;

use crate::description::Description as ApiDescription;
use crate::request;
use crate::store::{Change, Deletion, ProductStore};

/// The routes; every price is in `currency`.
pub fn router(products: ProductStore, currency: Currency) -> Router {
    Router::new()
        .route("/product", get(list).post(create))
        .route("/product/{id}", get(read).put(replace).patch(change).delete(remove))
        .route("/openapi.json", get(describe))
        .route("/health", get(health))
        .with_state(Catalogue { products, currency, description: ApiDescription::default() })
}

#[derive(Clone)]
struct Catalogue {
    products: ProductStore,
    currency: Currency,
    description: ApiDescription,
}

async fn list(
    State(Catalogue { products, .. }): State<Catalogue>,
    mut query: Parameters,
) -> Result<Json<Page<ProductView>>, Problem> {
    let category = query.optional::<Category>("category");
    let list =
        format!("product?category={}", category.iter().flatten().map(Category::as_str).collect::<String>());
    let (Some(category), Some(page)) = (category, query.page(list)) else { return Err(query.invalid()) };
    let found = match category {
        Some(category) => products.list_category(&category, &page).await?,
        None => products.list(&page).await?,
    };
    Ok(Json(found.map(ProductView::from)))
}

async fn create(
    _: Staff,
    State(Catalogue { products, currency, .. }): State<Catalogue>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let product = Product::new(request::details(&body, currency)?, Timestamp::now());
    products.create(&product).await?;
    telemetry::count("productsCreated", 1);
    // Relative to the request (RFC 9110 section 10.2.2), so that it is valid for any stage or
    // domain.
    let location = [(header::LOCATION, format!("product/{}", product.id))];
    Ok((StatusCode::CREATED, location, found(product)).into_response())
}

async fn read(
    State(Catalogue { products, .. }): State<Catalogue>,
    Path(id): Path<String>,
    conditions: Preconditions,
) -> Result<Response, Problem> {
    let product = products.get(product_id(&id)?).await?.ok_or_else(|| unknown(&id))?;
    match conditions.of_read(product.version) {
        ReadCondition::Holds => Ok(found(product)),
        ReadCondition::NotModified => Ok(not_modified(product.version)),
        ReadCondition::Failed => Err(Problem::precondition_failed()),
    }
}

async fn replace(
    _: Staff,
    State(Catalogue { products, currency, .. }): State<Catalogue>,
    Path(id): Path<String>,
    conditions: Preconditions,
    Body(body): Body,
) -> Result<Response, Problem> {
    let details = request::details(&body, currency)?;
    let change = products.update(product_id(&id)?, details.into(), &conditions, Timestamp::now());
    changed(&id, change.await?)
}

async fn change(
    _: Staff,
    State(Catalogue { products, currency, .. }): State<Catalogue>,
    Path(id): Path<String>,
    conditions: Preconditions,
    Body(body): Body,
) -> Result<Response, Problem> {
    let patch = request::patch(&body, currency)?;
    let change = products.update(product_id(&id)?, patch, &conditions, Timestamp::now());
    changed(&id, change.await?)
}

async fn remove(
    _: Staff,
    State(Catalogue { products, .. }): State<Catalogue>,
    Path(id): Path<String>,
    conditions: Preconditions,
) -> Result<StatusCode, Problem> {
    match products.delete(product_id(&id)?, &conditions).await? {
        Deletion::Done => Ok(StatusCode::NO_CONTENT),
        Deletion::Unknown => Err(unknown(&id)),
        Deletion::OtherVersion => Err(Problem::precondition_failed()),
    }
}

/// A REST API answers this itself, as its description says; an HTTP API has no responses of its own.
async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn describe(
    services: DeployedServices,
    State(Catalogue { description, .. }): State<Catalogue>,
) -> Result<Response, Problem> {
    let document = description.of(services).map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

fn found(product: Product) -> Response {
    (etag(product.version), Json(ProductView::from(product))).into_response()
}

fn changed(id: &str, change: Change) -> Result<Response, Problem> {
    match change {
        Change::Done(product) => Ok(found(product)),
        Change::Unknown => Err(unknown(id)),
        Change::OtherVersion => Err(Problem::precondition_failed()),
    }
}

fn product_id(id: &str) -> Result<ProductId, Problem> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("There is no product {id}."))
}

/// A product as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Product"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductView {
    id: ProductId,
    name: ProductName,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_file: Option<ImageFile>,
    category: Category,
    price: Amount,
    currency: Currency,
    /// Units for sale; `None` before stock was first received.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<u64>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Product> for ProductView {
    fn from(product: Product) -> Self {
        let price = product.price.money();
        Self {
            id: product.id,
            name: product.name,
            description: product.description,
            image_file: product.image_file,
            category: product.category,
            price: price.amount(),
            currency: price.currency(),
            available: product.available,
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}
