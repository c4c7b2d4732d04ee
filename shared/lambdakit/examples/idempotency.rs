//! An HTTP API that charges once per `Idempotency-Key`, by claim and finish.
//!
//! It needs `IDEMPOTENCY_TABLE`, whose partition key is `id`, and the credentials of an account, or
//! `AWS_ENDPOINT_URL`. `cargo lambda watch --example idempotency --features http,idempotency`

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api::{self, Body};
use lambdakit::idempotency::{ClaimOutcome, IdempotencyKey, IdempotencyStore, Request};
use lambdakit::{ConfigError, Problem};
use serde_json::{Value, json};

/// Another request may take over the key when the claim is this old: when the function has timed
/// out.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(routes).await
}

async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    let store = IdempotencyStore::new(Table::from_env(&dynamodb, "IDEMPOTENCY_TABLE")?);
    Ok(Router::new().route("/charge", post(charge)).with_state(store))
}

async fn charge(
    State(store): State<IdempotencyStore>,
    key: Option<IdempotencyKey>,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let key = key.ok_or_else(|| Problem::bad_request("Send an Idempotency-Key."))?;
    // Without sign-in, all callers share their keys.
    let lease = match store.begin(Request::new("charge", "anyone", &key, &body), TIMEOUT).await? {
        ClaimOutcome::Work(lease) => lease,
        ClaimOutcome::Completed(response) => {
            return Ok(Json(serde_json::from_str(&response).map_err(Problem::internal)?));
        }
        ClaimOutcome::InProgress => return Err(conflict("request-in-progress", "Request in progress")),
        ClaimOutcome::OtherPayload => return Err(conflict("key-reused", "Key used for another request")),
    };
    // The work; after an error, release the lease, so that the client can try again at once.
    let response = json!({ "charged": true });
    store.finish(lease, response.to_string()).await?;
    Ok(Json(response))
}

fn conflict(kind: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, kind, title, "Use another key, or try again later.")
}
