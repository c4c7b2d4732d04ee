//! The route `/search`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::product::{Category, ImageFile, ProductName};
use domain::{Amount, Currency, ProductId};
use lambdakit::Problem;
use lambdakit::dynamodb::page::Page;
use lambdakit::http::parameters::Parameters;
use lambdakit::http::problem::FieldError;
use serde::Serialize;

use crate::query::Query;
use crate::store::{Product, SearchStore};

/// The routes.
pub fn router(store: SearchStore) -> Router {
    Router::new().route("/search", get(search)).with_state(store)
}

async fn search(
    State(store): State<SearchStore>,
    mut parameters: Parameters,
) -> Result<Json<Page<FoundProduct>>, Problem> {
    let query = parameters.optional::<Query>("q");
    let list = query.iter().flatten().map(Query::normal_form).collect::<String>();
    let (Some(query), Some(page)) = (query, parameters.page(format!("search?q={list}"))) else {
        return Err(parameters.invalid());
    };
    let query = query.ok_or_else(|| {
        Problem::bad_parameters(vec![FieldError { field: "q".to_owned(), detail: "is required".to_owned() }])
    })?;
    Ok(Json(store.find(&query, &page).await?.map(FoundProduct::from)))
}

/// A product that was found. Its other details are at `/product/{id}`.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundProduct {
    id: ProductId,
    name: ProductName,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_file: Option<ImageFile>,
    category: Category,
    price: Amount,
    currency: Currency,
}

impl From<Product> for FoundProduct {
    fn from(product: Product) -> Self {
        let Product { id, name, image_file, category, price } = product;
        Self { id, name, image_file, category, price: price.amount(), currency: price.currency() }
    }
}
