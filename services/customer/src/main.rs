//! The functions of the customer service: what runs, by the name of the handler.

use axum::Router;
use customer::account::Accounts;
use customer::api::router;
use customer::outbox::translate;
use customer::progress::RequestProgress;
use customer::store::{Holders, RequestStore};
use domain::UserName;
use lambdakit::aws::Aws;
use lambdakit::outbox::{self, Outbox};
use lambdakit::table::Table;
use lambdakit::{ConfigError, api, handler, queue, sign_up};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "customer-api" => api::run(routes).await,
        "customer-parts" => queue::run(request_progress).await,
        "customer-requests" => outbox::run(publisher).await,
        "customer-sign-up" => sign_up::run(|user_name| user_name.parse::<UserName>().map(drop)).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/me` and `/customer`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
    let requests = Table::from_env(&dynamodb, "CUSTOMER_TABLE")?;
    Ok(router(RequestStore::new(requests, Holders::from_env()?)))
}

/// Collects what the other services answer to a customer's request.
async fn request_progress() -> Result<RequestProgress, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let table = Table::from_env(&aws.dynamodb(), "CUSTOMER_TABLE")?;
    let requests = RequestStore::new(table, Holders::from_env()?);
    Ok(RequestProgress::new(requests, Accounts::from_env(&aws)?))
}

/// Publishes each customer's request.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::connected_to("events").await?, translate)
}
