//! A function that handles events from any trigger: an SQS queue, a stream of DynamoDB or Kinesis, an
//! EventBridge rule or schedule, or an SNS topic ([`delivery`](crate::messaging::delivery)).
//!
//! Which trigger a function has is a question of volume, order and price, and its answer changes. The
//! code that handles an event does not depend on it. So a [`Handler`] sees one event, and this module
//! reads payloads, bounds concurrency, and reports failures as the trigger needs it.
//!
//! ```
//! use lambdakit::messaging::batch::HandlerError;
//! use lambdakit::messaging::consumer;
//!
//! #[derive(serde::Deserialize)]
//! enum AccountEvent {
//!     AccountClosed { account: String },
//! }
//!
//! struct Ledger;
//!
//! impl consumer::Handler for Ledger {
//!     type Event = AccountEvent;
//!
//!     async fn handle(&self, event: AccountEvent) -> Result<(), HandlerError> {
//!         let AccountEvent::AccountClosed { account } = event;
//!         if account.is_empty() { Err("no account".into()) } else { Ok(()) }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let batch = r#"{"Records": [{"messageId": "m-1", "body": "not an event"}]}"#;
//! let response = consumer::invoke(&Ledger, batch, None).await.unwrap().unwrap();
//! assert_eq!(response.failed().collect::<Vec<_>>(), ["m-1"]);
//! # }
//! ```
//!
//! Of an SQS batch, the function reports the messages that failed, and SQS redelivers them. Of a
//! stream's batch it reports the first record that failed, and Lambda redelivers that and all later
//! ones. Every other trigger invokes the function with one event. If that fails, the invocation
//! fails, and Lambda retries it.
//!
//! Messages are handled concurrently, [`Handler::CONCURRENCY`] at once, but in order where they share
//! a [key](crate::messaging::delivery::Message::key).
//!
//! # Limits
//!
//! - Batches need `ReportBatchItemFailures` in the event source mapping. Without it, Lambda takes a
//!   batch with failures as handled.
//! - A record that always fails holds up its shard, until the mapping's limits of attempts or age
//!   send it to the failure destination.
//! - Bodies of SQS and data of Kinesis are events in their envelope. Records that a Kinesis producer
//!   has aggregated are not taken apart.

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::ConfigError;
use crate::messaging::batch::{BatchResponse, Failure, HandlerError};
use crate::messaging::delivery::{Delivery, MalformedDelivery, Message};
use crate::messaging::dispatch::handle_all;
use crate::messaging::event::Envelope;
use crate::start;
use crate::telemetry::{self, Invocation, Outcome, within_deadline};

/// Handles one event. It must be idempotent: delivery is at least once, so an event is redelivered
/// after any error, and sometimes without one.
pub trait Handler {
    /// The events that the function handles; [`Envelope::open`] describes how they are read.
    type Event: DeserializeOwned + Send;

    /// How many messages of a batch are handled at once.
    const CONCURRENCY: usize = 10;

    /// Handles the event; after an error it is redelivered.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Why an invocation failed, for Lambda's error response and failure destination.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The invocation does not deliver events.
    #[error(transparent)]
    Malformed(#[from] MalformedDelivery),
    /// The event of an asynchronous invocation failed.
    #[error("{0}")]
    Failed(String),
    /// The event of an asynchronous invocation is too early
    /// ([`RetryLater`](crate::messaging::batch::RetryLater)).
    #[error("{0}")]
    Deferred(String),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let name = match error {
            InvocationError::Malformed(_) => "Malformed",
            InvocationError::Failed(_) => "Failed",
            InvocationError::Deferred(_) => "Deferred",
        };
        Self { error_type: name.to_owned(), error_message: error.to_string() }
    }
}

/// Runs a function that handles events. `build` creates its handler at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run<H: Handler + 'static>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    start::run(build, |handler, event: LambdaEvent<Box<RawValue>>| {
        Box::pin(async move { invoke(&*handler, event.payload.get(), Some(&event.context)).await })
    })
    .await
}

/// Handles all messages of one invocation. At the deadline only unfinished messages fail. Without a
/// context (in tests) there is no deadline.
///
/// A batch has a partial batch response; an asynchronous invocation has none.
///
/// # Errors
/// When the invocation delivers no events, or the event of an asynchronous invocation failed.
pub async fn invoke<H: Handler>(
    handler: &H,
    payload: &str,
    context: Option<&Context>,
) -> Result<Option<BatchResponse>, InvocationError> {
    let invocation = Invocation::begin(context);
    let done = invocation.run_parts(async {
        let delivery = match Delivery::parse(payload) {
            Ok(delivery) => delivery,
            Err(malformed) => {
                telemetry::field("error", &malformed.to_string());
                return (Err(malformed.into()), Outcome::Failed);
            }
        };
        let failures = handle_all(&delivery, H::CONCURRENCY, async |message| handle(handler, message).await);
        let failures = failures.await;
        let error = failures.first().map(InvocationError::of);
        let (response, outcome) = BatchResponse::report(delivery.messages().len(), failures);
        match delivery {
            Delivery::Batch(_) => (Ok(Some(response)), outcome),
            Delivery::Stream(_) => (Ok(Some(response.first())), outcome),
            Delivery::Single(_) => (error.map_or(Ok(None), Err), outcome),
        }
    });
    let (result, outcome) = done.await;
    invocation.end(outcome);
    result
}

impl InvocationError {
    fn of(failure: &Failure) -> Self {
        let reason = failure.reason.clone();
        if failure.is_early { Self::Deferred(reason) } else { Self::Failed(reason) }
    }
}

/// Handles one message within the deadline.
async fn handle<H: Handler>(handler: &H, message: &Message<'_>) -> Option<Failure> {
    let done = within_deadline(open_and_handle(handler, &message.body)).await;
    let error = done.unwrap_or_else(|reached| Err(reached.into())).err()?;
    Some(Failure::new(message.id(), &*error))
}

async fn open_and_handle<H: Handler>(handler: &H, body: &str) -> Result<(), HandlerError> {
    let Envelope { detail_type, correlation_id, event } = Envelope::open(body)?;
    telemetry::event(&detail_type);
    if let Some(correlation_id) = correlation_id {
        telemetry::correlate(&correlation_id);
    }
    handler.handle(event).await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::messaging::batch::RetryLater;
    use crate::telemetry::context_of;
    use crate::testing::events::{self, DynamoDbRecord};

    #[derive(Deserialize)]
    enum AccountEvent {
        AccountClosed(Closed),
    }

    #[derive(Deserialize)]
    struct Closed {
        account: String,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("not opened yet")]
    struct NotOpened;

    /// The closed accounts, each with the correlation id of its request.
    #[derive(Default)]
    struct Ledger(Mutex<Vec<[String; 2]>>);

    impl Handler for Ledger {
        type Event = AccountEvent;

        async fn handle(
            &self,
            AccountEvent::AccountClosed(closed): AccountEvent,
        ) -> Result<(), HandlerError> {
            match &*closed.account {
                "" => return Err("no account".into()),
                "early" => return Err(RetryLater::because(NotOpened).into()),
                _ => {}
            }
            self.0.lock().unwrap().push([closed.account, telemetry::correlation_id()]);
            Ok(())
        }
    }

    fn event(id: &str, detail_type: &str, account: &str) -> Value {
        let metadata = json!({ "correlationId": format!("c-{id}") });
        events::event("bank", detail_type, &json!({ "metadata": metadata, "account": account }))
    }

    fn message(id: &str, detail_type: &str, account: &str) -> Value {
        events::sqs_message(id, &event(id, detail_type, account).to_string())
    }

    async fn deliver(messages: &[Value]) -> (Vec<[String; 2]>, Vec<String>) {
        let ledger = Ledger::default();
        let batch = events::sqs_batch(messages.to_owned()).to_string();
        let response = invoke(&ledger, &batch, None).await.unwrap().unwrap();
        let Ledger(closed) = ledger;
        (closed.into_inner().unwrap(), response.failed().map(ToOwned::to_owned).collect())
    }

    /// The same event as EventBridge, EventBridge Scheduler and SNS invoke a function with it.
    fn asynchronous(detail_type: &str, account: &str) -> [Value; 3] {
        let of_rule = event("1", detail_type, account);
        let mut scheduled = of_rule.clone();
        scheduled
            .as_object_mut()
            .unwrap()
            .retain(|field, _| field.starts_with("detail") || field == "source");
        let notification = events::sns_notification(&scheduled.to_string());
        [of_rule, scheduled, notification]
    }

    fn diagnostic(error: InvocationError) -> [String; 2] {
        let Diagnostic { error_type, error_message } = error.into();
        [error_type, error_message]
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
        let batch = json!({ "Records": accounts }).to_string();
        let started = std::time::Instant::now();
        let response = invoke(&stuck, &batch, Some(&context_of(100))).await.unwrap().unwrap();
        assert_eq!(response.failed().collect::<Vec<_>>(), ["m-stuck", "m-"]);
        assert_eq!(stuck.0.0.into_inner().unwrap().len(), 2);
        assert!(started.elapsed().as_millis() < 5_000);
    }

    #[tokio::test]
    async fn an_event_is_handled_for_the_request_that_it_goes_back_to() {
        let (closed, _) = deliver(&[message("1", "AccountClosed", "2")]).await;
        assert_eq!(closed, [["2", "c-1"]]);
    }

    #[tokio::test]
    async fn asynchronous_invocations_handle_their_event_and_have_no_response() {
        for payload in asynchronous("AccountClosed", "2") {
            let ledger = Ledger::default();
            let response = invoke(&ledger, &payload.to_string(), None).await.unwrap();
            assert_eq!(serde_json::to_string(&response).unwrap(), "null", "{payload}");
            assert_eq!(ledger.0.into_inner().unwrap(), [["2", "c-1"]], "{payload}");
        }
    }

    #[tokio::test]
    async fn asynchronous_invocations_fail_with_their_event() {
        let unknown = "an event has the unknown detail-type AccountMoved";
        for (detail_type, account, expected) in [
            ("AccountClosed", "", ["Failed", "no account"]),
            ("AccountClosed", "early", ["Deferred", "not opened yet"]),
            ("AccountMoved", "2", ["Failed", unknown]),
        ] {
            for payload in asynchronous(detail_type, account) {
                let error = invoke(&Ledger::default(), &payload.to_string(), None).await.unwrap_err();
                assert_eq!(diagnostic(error), expected, "{payload}");
            }
        }
    }

    #[tokio::test]
    async fn asynchronous_invocations_fail_at_the_deadline() {
        for payload in asynchronous("AccountClosed", "stuck") {
            let stuck = Stuck(Ledger::default());
            let error = invoke(&stuck, &payload.to_string(), Some(&context_of(50))).await.unwrap_err();
            assert_eq!(diagnostic(error), ["Failed", "the deadline came first"]);
        }
    }

    /// Accounts that are closed by a change in a table.
    struct Closures(Ledger);

    #[derive(Deserialize)]
    enum Change {
        #[serde(rename = "INSERT")]
        Insert(Image),
        #[serde(rename = "MODIFY")]
        Modify(Image),
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Image {
        new_image: Item,
    }

    #[derive(Deserialize)]
    struct Item {
        account: Text,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Text {
        s: String,
    }

    impl Handler for Closures {
        type Event = Change;

        async fn handle(
            &self,
            (Change::Insert(image) | Change::Modify(image)): Change,
        ) -> Result<(), HandlerError> {
            let account = image.new_image.account.s;
            self.0.handle(AccountEvent::AccountClosed(Closed { account })).await
        }
    }

    #[tokio::test]
    async fn streams_of_dynamodb_are_redelivered_from_the_first_failure() {
        for (third, failed) in [("3", 4), ("", 3)] {
            let closures = Closures(Ledger::default());
            let keys = |id: &str| json!({ "id": { "S": id } });
            let image = |account: &str| json!({ "account": { "S": account } });
            let changes = [
                DynamoDbRecord::insert(&keys("1"), &image("1")),
                DynamoDbRecord::modify(&keys("2"), &image("1"), &image("2")),
                DynamoDbRecord::insert(&keys("3"), &image(third)),
                DynamoDbRecord::remove(&keys("4"), &image("4")),
            ];
            let batch = events::dynamodb_batch(changes);
            let number = batch["Records"][failed - 1]["dynamodb"]["SequenceNumber"].as_str().unwrap();
            let response = invoke(&closures, &batch.to_string(), None).await.unwrap().unwrap();
            assert_eq!(response.failed().collect::<Vec<_>>(), [number]);
        }
    }

    #[tokio::test]
    async fn streams_of_kinesis_carry_events_in_their_envelope() {
        let record =
            |number: &str, data: &str| events::kinesis_record(number, "p", &BASE64_STANDARD.encode(data));
        let good = event("1", "AccountClosed", "2").to_string();
        let batch = events::kinesis_batch([record("s-1", &good), record("s-2", "{"), record("s-3", &good)])
            .to_string();
        let ledger = Ledger::default();
        let response = invoke(&ledger, &batch, None).await.unwrap().unwrap();
        assert_eq!(response.failed().collect::<Vec<_>>(), ["s-2"]);
        assert_eq!(ledger.0.into_inner().unwrap(), [["2", "c-1"]], "the third waits for the second");
    }

    #[tokio::test]
    async fn malformed_invocations_fail_with_an_error_of_their_own() {
        for payload in ["{}", r#"{"Records": [{"s3": {}}]}"#, r#"{"Records": 1}"#] {
            let error = invoke(&Ledger::default(), payload, None).await.unwrap_err();
            assert!(matches!(error, InvocationError::Malformed(_)), "{payload}: {error}");
            assert_eq!(diagnostic(error)[0], "Malformed");
        }
    }
}
