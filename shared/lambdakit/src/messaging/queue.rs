//! A function that reads events from an SQS queue, one by one, with partial batch responses.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::future::join_all;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::de::DeserializeOwned;

use crate::ConfigError;
use crate::messaging::batch::{BatchResponse, Failure, HandlerError};
use crate::messaging::event::Envelope;
use crate::start::start;
use crate::telemetry::{self, Invocation, within_deadline};

/// Handles one event. It must be idempotent: SQS delivers at least once, so an event is redelivered
/// after any error, and sometimes without one.
pub trait Handler {
    /// The events that the function handles; [`Envelope::open`] describes how they are read.
    type Event: DeserializeOwned + Send;

    /// Handles the event; an error leaves it on the queue.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Runs a function whose events an EventBridge rule sends to an SQS queue. `build` creates its
/// handler at init.
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

/// Handles all messages of one batch concurrently. At the deadline only unfinished messages are
/// redelivered. Without a context (in tests) there is no deadline.
pub async fn invoke<H: Handler>(handler: &H, event: SqsEvent, context: Option<&Context>) -> BatchResponse {
    let invocation = Invocation::begin(context);
    let done = invocation.run_parts(async {
        let messages = event.records.iter().map(|message| handle(handler, message));
        let failures = join_all(messages).await.into_iter().flatten().collect();
        BatchResponse::report(event.records.len(), failures)
    });
    let (response, outcome) = done.await;
    invocation.end(outcome);
    response
}

/// Handles one message within the deadline. At the deadline, only unfinished messages are
/// redelivered.
async fn handle<H: Handler>(handler: &H, message: &SqsMessage) -> Option<Failure> {
    let body = message.body.as_deref().unwrap_or_default();
    let done = within_deadline(open_and_handle(handler, body)).await;
    let error = done.unwrap_or_else(|reached| Err(reached.into())).err()?;
    Some(Failure::new(id(message), &*error))
}

async fn open_and_handle<H: Handler>(handler: &H, body: &str) -> Result<(), HandlerError> {
    let Envelope { detail_type, correlation_id, event } = Envelope::open(body)?;
    telemetry::event(&detail_type);
    if let Some(correlation_id) = correlation_id {
        telemetry::correlate(&correlation_id);
    }
    handler.handle(event).await
}

fn id(message: &SqsMessage) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::telemetry::context_of;

    #[derive(Deserialize)]
    enum AccountEvent {
        AccountClosed(Closed),
    }

    #[derive(Deserialize)]
    struct Closed {
        account: String,
    }

    /// The closed accounts, each with the correlation id of its request.
    #[derive(Default)]
    struct Ledger(Mutex<Vec<[String; 2]>>);

    impl Handler for Ledger {
        type Event = AccountEvent;

        async fn handle(
            &self,
            AccountEvent::AccountClosed(closed): AccountEvent,
        ) -> Result<(), HandlerError> {
            if closed.account.is_empty() {
                return Err("no account".into());
            }
            self.0.lock().unwrap().push([closed.account, telemetry::correlation_id()]);
            Ok(())
        }
    }

    fn message(id: &str, detail_type: &str, account: &str) -> serde_json::Value {
        let detail = json!({ "metadata": { "correlationId": format!("c-{id}") }, "account": account });
        let body = json!({ "source": "bank", "detail-type": detail_type, "detail": detail });
        json!({ "messageId": id, "body": body.to_string() })
    }

    async fn deliver(messages: &[serde_json::Value]) -> (Vec<[String; 2]>, Vec<String>) {
        let ledger = Ledger::default();
        let batch = serde_json::from_value(json!({ "Records": messages })).unwrap();
        let response = invoke(&ledger, batch, None).await;
        let Ledger(closed) = ledger;
        (closed.into_inner().unwrap(), response.failed().map(ToOwned::to_owned).collect())
    }

    #[tokio::test]
    async fn unhandled_messages_stay_on_the_queue_and_the_rest_does_not_wait() {
        let poison = json!({ "messageId": "poison", "body": "{" });
        let other = message("other", "AccountMoved", "1");
        let refused = message("refused", "AccountClosed", "");
        let good = message("good", "AccountClosed", "2");
        let (closed, failed) = deliver(&[poison, other, refused, good]).await;
        assert_eq!(failed, ["poison", "other", "refused"]);
        assert_eq!(closed.len(), 1);
    }

    /// Closes accounts, but never completes the account `stuck`.
    struct Stuck(Ledger);

    impl Handler for Stuck {
        type Event = AccountEvent;

        async fn handle(&self, event: AccountEvent) -> Result<(), HandlerError> {
            let AccountEvent::AccountClosed(closed) = &event;
            if closed.account == "stuck" {
                std::future::pending::<()>().await;
            }
            self.0.handle(event).await
        }
    }

    #[tokio::test]
    async fn at_the_deadline_only_unfinished_messages_are_reported() {
        let stuck = Stuck(Ledger::default());
        let accounts =
            ["1", "stuck", "", "2"].map(|account| message(&format!("m-{account}"), "AccountClosed", account));
        let batch = serde_json::from_value(json!({ "Records": accounts })).unwrap();
        let started = std::time::Instant::now();
        let response = invoke(&stuck, batch, Some(&context_of(100))).await;
        assert_eq!(response.failed().collect::<Vec<_>>(), ["m-stuck", "m-"]);
        assert_eq!(stuck.0.0.into_inner().unwrap().len(), 2);
        assert!(started.elapsed().as_millis() < 5_000);
    }

    #[tokio::test]
    async fn an_event_is_handled_for_the_request_that_it_goes_back_to() {
        let (closed, _) = deliver(&[message("1", "AccountClosed", "2")]).await;
        assert_eq!(closed, [["2", "c-1"]]);
    }
}
