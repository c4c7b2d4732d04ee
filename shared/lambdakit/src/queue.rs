//! A function that reads an SQS queue, message by message, with partial batch responses.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::future::join_all;
use lambda_runtime::{Context, LambdaEvent, service_fn};

use crate::ConfigError;
use crate::batch::{BatchResponse, Failure, HandlerError};
use crate::start::start;
use crate::telemetry::{Invocation, Outcome};

/// What is done with the body of one message. It is done again after any error, and now and then
/// after none: SQS delivers at least once.
pub trait Handler {
    /// Handles the message; an error leaves it on the queue.
    fn handle(&self, body: &str) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Runs a function whose events come from an SQS queue. `build` makes its handler, at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run<H: Handler>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    let handler = Arc::new(start(build).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let handler = Arc::clone(&handler);
        // Boxed, because the types of the SDK's futures nest too deeply for the compiler.
        Box::pin(async move {
            let response = invoke(&*handler, event.payload, Some(&event.context)).await;
            Ok::<_, lambda_runtime::Error>(response)
        })
    }))
    .await
}

/// Handles one batch, all messages at once. Without a context (in tests) there is no deadline.
pub async fn invoke<H: Handler>(handler: &H, event: SqsEvent, context: Option<&Context>) -> BatchResponse {
    let invocation = Invocation::begin(context);
    let done = invocation.run(async {
        let messages = event.records.iter().map(|message| handle(handler, message));
        let failures = join_all(messages).await.into_iter().flatten().collect();
        BatchResponse::report(event.records.len(), failures)
    });
    // At the deadline nobody knows which were handled; handling them again is harmless.
    let all = || BatchResponse::all(event.records.iter().map(|message| id(message).to_owned()));
    let (response, outcome) = done.await.unwrap_or_else(|| (all(), Outcome::Failed));
    invocation.end(outcome);
    response
}

async fn handle<H: Handler>(handler: &H, message: &SqsMessage) -> Option<Failure> {
    let body = message.body.as_deref().unwrap_or_default();
    let error = handler.handle(body).await.err()?;
    Some(Failure::new(id(message), &*error))
}

fn id(message: &SqsMessage) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}
