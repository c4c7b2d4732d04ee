//! The functions of the privacy service, selected by the handler's name.

use axum::Router;
use domain::UserName;
use lambdakit::auth::sign_up;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::messaging::schedule::Schedules;
use lambdakit::outbox::{self, Outbox};
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;
use privacy::account::Accounts;
use privacy::api::router;
use privacy::erasure::ErasureDelay;
use privacy::outbox::translate;
use privacy::progress::RequestProgress;
use privacy::store::{Holders, RequestStore};

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "privacy-api" => api::run(routes).await,
        "privacy-on-event" => consumer::run(request_progress).await,
        "privacy-publisher" => outbox::run(publisher).await,
        "privacy-on-sign-up" => sign_up::run(|user_name| user_name.parse::<UserName>().map(drop)).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/me` and `/customer`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    let requests = Table::from_env(&dynamodb, "PRIVACY_TABLE")?;
    Ok(router(RequestStore::new(requests, Holders::from_env()?)))
}

/// Delays erasures, and collects the other services' answers to a customer's request.
async fn request_progress() -> Result<RequestProgress, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let table = Table::from_env(&aws.dynamodb(), "PRIVACY_TABLE")?;
    let requests = RequestStore::new(table, Holders::from_env()?);
    let delay = ErasureDelay::from_env(Schedules::from_env(&aws)?, Publisher::from_env(&aws)?)?;
    Ok(RequestProgress::new(requests, Accounts::from_env(&aws)?, delay))
}

/// Publishes each customer's request.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}
