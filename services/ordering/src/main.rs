//! Entry point of the ordering service: runs the function that the handler's name selects.

use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::command::CommandQueue;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::messaging::topic::Topic;
use lambdakit::outbox::{self, Outbox};
use lambdakit::workflow::executions::{Tasks, Workflow};
use lambdakit::workflow::steps;
use lambdakit::{ConfigError, config, handler};
use mimalloc::MiMalloc;
use ordering::api::router;
use ordering::checkout::CheckoutHandler;
use ordering::fulfilment::events::FulfilmentHandler;
use ordering::fulfilment::steps::FulfilmentSteps;
use ordering::fulfilment::store::FulfilmentStore;
use ordering::outbox::translate;
use ordering::privacy::OrderData;
use ordering::store::OrderStore;
use ordering::topic_relay::TopicRelay;
use shopkit::privacy::PrivacyHandler;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "ordering-api" => api::run(routes).await,
        "ordering-on-checkout" => consumer::run(checkouts).await,
        "ordering-on-privacy" => consumer::run(privacy_requests).await,
        "ordering-publisher" => outbox::run(publisher).await,
        "ordering-on-event" => consumer::run(fulfilment_events).await,
        "ordering-steps" => steps::run(fulfilment_steps).await,
        "ordering-topic-relay" => consumer::run(topic_relay).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/order`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(router(OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?)))
}

/// Places an order for each checked-out basket.
async fn checkouts() -> Result<CheckoutHandler, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(CheckoutHandler::new(OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?)))
}

/// Exports a customer's orders, or anonymises them.
async fn privacy_requests() -> Result<PrivacyHandler<OrderData>, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let dynamodb = aws.dynamodb();
    let orders = OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?);
    Ok(PrivacyHandler::new(OrderData::new(orders), Publisher::from_env(&aws)?))
}

/// Publishes order events.
async fn publisher() -> Result<Outbox, ConfigError> {
    Outbox::from_env(&Aws::preconnected("events").await?, translate)
}

/// Claims each order, starts its workflow, and completes its waiting tasks.
async fn fulfilment_events() -> Result<FulfilmentHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let (dynamodb, workflows) = (aws.dynamodb(), aws.workflows());
    let orders = OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?);
    let fulfilments = FulfilmentStore::new(Table::from_env(&dynamodb, "FULFILMENT_TABLE")?);
    let shipping = CommandQueue::from_env(&aws.sqs(), "SHIPPING_QUEUE_URL")?;
    let workflow = Workflow::new(workflows.clone(), config::required("FULFILMENT_WORKFLOW_ARN")?);
    Ok(FulfilmentHandler::new(orders, fulfilments, workflow, Tasks::new(workflows), shipping))
}

/// Performs the fulfilment workflow's steps on orders.
async fn fulfilment_steps() -> Result<FulfilmentSteps, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let (dynamodb, sqs) = (aws.dynamodb(), aws.sqs());
    let orders = OrderStore::new(Table::from_env(&dynamodb, "ORDER_TABLE")?);
    let fulfilments = FulfilmentStore::new(Table::from_env(&dynamodb, "FULFILMENT_TABLE")?);
    let payment = CommandQueue::from_env(&sqs, "PAYMENT_QUEUE_URL")?;
    let shipping = CommandQueue::from_env(&sqs, "SHIPPING_QUEUE_URL")?;
    Ok(FulfilmentSteps::new(orders, fulfilments, Tasks::new(aws.workflows()), payment, shipping))
}

/// Republishes order events on a topic.
async fn topic_relay() -> Result<TopicRelay, ConfigError> {
    let sns = Aws::preconnected("sns").await?.topics();
    Ok(TopicRelay::new(Topic::from_env(&sns, "ORDER_TOPIC_ARN")?))
}
