//! An HTTP API that accepts webhooks signed by the Standard Webhooks scheme.
//!
//! `WEBHOOK_SECRETS=whsec_c2VjcmV0IHdpdGggdHdlbnR5LWZvdXIgYnl0ZXM= \
//! cargo lambda watch --example webhooks --features http,webhooks`

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lambdakit::http::api::{self, Body};
use lambdakit::webhooks::WebhookSecrets;
use lambdakit::{ConfigError, Problem, config, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(routes).await
}

async fn routes() -> Result<Router, ConfigError> {
    let secrets: WebhookSecrets = config::parsed("WEBHOOK_SECRETS")?;
    Ok(Router::new().route("/webhook", post(receive)).with_state(Arc::new(secrets)))
}

async fn receive(
    State(secrets): State<Arc<WebhookSecrets>>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Problem::internal)?.as_secs();
    let webhook = secrets.verify(&headers, &body, now).map_err(Problem::unauthorized)?;
    // The same webhook may arrive again, under the same id.
    telemetry::field("webhookId", &webhook.id);
    Ok(StatusCode::NO_CONTENT)
}
