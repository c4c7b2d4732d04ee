//! The functions of the payment service: what runs, by the name of the handler.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::outbox::{self, Outbox};
use lambdakit::secret::Secret;
use lambdakit::signature::WebhookSecrets;
use lambdakit::table::Table;
use lambdakit::{ConfigError, api, handler, queue};
use payment::commands::Commands;
use payment::http_provider::HttpProvider;
use payment::outbox::translate;
use payment::store::PaymentStore;
use payment::webhook::Ear;
use payment::{api::router, webhook};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "payment-api" => api::run(routes).await,
        "payment-commands" => queue::run(commands).await,
        "payment-events" => outbox::run(publisher).await,
        "payment-webhook" => api::run_for_programs(webhook_routes).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/payment`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
    Ok(router(PaymentStore::new(Table::from_env(&dynamodb, "PAYMENT_TABLE")?)))
}

/// Charges orders and gives back what was charged.
async fn commands() -> Result<Commands<HttpProvider>, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let payments = PaymentStore::new(Table::from_env(&aws.dynamodb(), "PAYMENT_TABLE")?);
    Ok(Commands::new(payments, HttpProvider::from_env(&aws).await?))
}

/// Publishes how payments end.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::connected_to("events").await?, translate)
}

/// Hears what the payment provider tells by itself.
async fn webhook_routes() -> Result<Router, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let payments = PaymentStore::new(Table::from_env(&aws.dynamodb(), "PAYMENT_TABLE")?);
    let secrets = WebhookSecrets::of(&Secret::from_env(&aws, "WEBHOOK_SECRET").await?)?;
    Ok(webhook::router(Ear::new(payments, secrets)))
}
