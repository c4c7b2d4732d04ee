//! Publishes the changes in a DynamoDB stream as events: the second half of the outbox pattern. A
//! service writes only to its table; the publisher then publishes each change at least once.
//!
//! A failed record blocks its stream shard. So the publisher sends a record that it could not
//! publish to a retry queue, with the reason, and the stream continues. The same function reads
//! that queue. Records that fail there repeatedly end in its dead-letter queue.
//!
//! A record is reported as failed if it cannot be sent to the retry queue or is in progress at the
//! deadline. The stream resumes at the first of these records. If that is the first record of the
//! batch, the invocation fails, so that an alarm can detect it.

use std::fmt;
use std::sync::Arc;

use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::types::MessageAttributeValue;
use futures::future::join_all;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::aws::Aws;
use crate::aws::AwsError;
use crate::json;
use crate::messaging::batch::{BatchResponse, Failure, HandlerError};
use crate::messaging::publish::{Entry, Publisher};
use crate::start::start;
use crate::telemetry::{self, Invocation, Outcome, within_deadline};
use crate::{ConfigError, config};

/// Translates a change of the table to events.
type Translate = Arc<dyn Fn(&EventRecord) -> Result<Vec<Entry>, HandlerError> + Send + Sync>;

/// Publishes the changes of a table.
#[derive(Clone)]
pub struct Outbox {
    publisher: Publisher,
    retries: RetryQueue,
    translate: Translate,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { publisher, retries, translate: _ } = self;
        f.debug_struct("Outbox")
            .field("publisher", publisher)
            .field("retries", retries)
            .finish_non_exhaustive()
    }
}

/// The queue for records that could not be published.
#[derive(Clone, Debug)]
pub struct RetryQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// A batch of the stream, or of the retry queue.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

/// A stream record, received from the stream itself or from the retry queue.
struct Record {
    /// Its identifier in a batch response: its sequence number or its message id.
    id: String,
    json: String,
    origin: Origin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Stream,
    RetryQueue,
}

/// The first record of a stream batch could neither be published nor sent to the retry queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("records could neither be published nor sent to the retry queue; the log line says why")]
pub struct RetryBatch;

/// Runs a function whose events come from a stream and its retry queue. `build` creates its outbox
/// at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run(
    build: impl AsyncFnOnce() -> Result<Outbox, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    let outbox = Arc::new(start(build).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Batch>| {
        let outbox = Arc::clone(&outbox);
        // Boxed, because the types of the SDK's futures nest too deeply for the compiler.
        Box::pin(async move {
            let response = outbox.invoke(event.payload, Some(&event.context)).await?;
            Ok::<_, lambda_runtime::Error>(response)
        })
    }))
    .await
}

impl Outbox {
    /// An outbox that publishes to the bus in `EVENT_BUS` and retries through the queue in
    /// `RETRY_QUEUE_URL`.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn from_env<T: IntoIterator<Item = Entry>>(
        aws: &Aws,
        translate: impl Fn(&EventRecord) -> Result<T, HandlerError> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let publisher = Publisher::from_env(aws)?;
        let retries = RetryQueue::new(aws.sqs(), config::required("RETRY_QUEUE_URL")?);
        Ok(Self::new(publisher, retries, translate))
    }

    /// An outbox that publishes the events that `translate` returns for each change: one, several
    /// or none. If one of several events cannot be published, all of them are retried.
    #[must_use]
    pub fn new<T: IntoIterator<Item = Entry>>(
        publisher: Publisher,
        retries: RetryQueue,
        translate: impl Fn(&EventRecord) -> Result<T, HandlerError> + Send + Sync + 'static,
    ) -> Self {
        let translate = move |record: &EventRecord| Ok(translate(record)?.into_iter().collect());
        Self { publisher, retries, translate: Arc::new(translate) }
    }

    /// Publishes one batch and reports the records that must be redelivered. Of the stream, Lambda
    /// redelivers the first of these and all later records. At the deadline only unfinished records
    /// are reported. Without a context (in tests) there is no deadline.
    ///
    /// # Errors
    /// When the first record of the stream could neither be published nor sent to the retry queue.
    /// Lambda then redelivers the whole batch.
    pub async fn invoke(&self, batch: Batch, context: Option<&Context>) -> Result<BatchResponse, RetryBatch> {
        let invocation = Invocation::begin(context);
        let records: Vec<Record> = batch.records.iter().map(|json| Record::parse(json)).collect();
        let done = invocation.run_parts(async {
            let Published { failures, quarantined } = self.publish(&records).await;
            let (response, outcome) = BatchResponse::report(records.len(), failures);
            // Records in the retry queue are handled but not yet published: the outcome is partial.
            if !quarantined.is_empty() {
                telemetry::field("quarantined", &quarantined);
            }
            let outcome =
                if outcome == Outcome::Ok && !quarantined.is_empty() { Outcome::Partial } else { outcome };
            (response, outcome)
        });
        let (response, outcome) = done.await;
        let first = records.first().filter(|record| record.origin == Origin::Stream);
        if first.is_some_and(|first| response.failed().any(|failed| failed == first.id)) {
            invocation.end(Outcome::Failed);
            return Err(RetryBatch);
        }
        invocation.end(outcome);
        Ok(response)
    }

    async fn publish(&self, records: &[Record]) -> Published {
        let mut failed: Vec<(&Record, HandlerError)> = Vec::new();
        let (mut entries, mut sources) = (Vec::new(), Vec::new());
        for record in records {
            match record.translate(&self.translate) {
                Ok(told) => {
                    sources.push((record, told.len()));
                    for entry in told {
                        telemetry::event(entry.detail_type);
                        entries.push(entry);
                    }
                }
                Err(error) => failed.push((record, error)),
            }
        }
        let results = self.publisher.publish(&entries).await;
        telemetry::count("EventsPublished", results.iter().filter(|result| result.is_ok()).count());
        let mut results = results.into_iter();
        for (record, told) in sources {
            // A record fails once, however many of its events fail.
            let error = results.by_ref().take(told).fold(None, |error, result| error.or(result.err()));
            failed.extend(error.map(|error| (record, error.into())));
        }
        let mut published = Published::default();
        for fate in join_all(failed.iter().map(|(record, error)| self.quarantine(record, error))).await {
            match fate {
                Ok(failure) => published.quarantined.push(failure),
                Err(failure) => published.failures.push(failure),
            }
        }
        published
    }

    /// Sends a failed record to the retry queue. A record from that queue stays there, and counts
    /// as failed, like a record that could not be sent.
    async fn quarantine(&self, record: &Record, error: &HandlerError) -> Result<Failure, Failure> {
        let failure = Failure::new(record.id.clone(), &**error);
        if record.origin == Origin::RetryQueue {
            return Err(failure);
        }
        let send = within_deadline(self.retries.send(&record.json, &failure.reason));
        let sent: Result<(), HandlerError> = async { Ok(send.await??) }.await;
        match sent {
            Ok(()) => Ok(failure),
            Err(error) => Err(Failure { reason: error.to_string(), is_early: false, ..failure }),
        }
    }
}

/// The records that could not be published at once.
#[derive(Default)]
struct Published {
    failures: Vec<Failure>,
    quarantined: Vec<Failure>,
}

impl RetryQueue {
    /// The queue at this URL.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url }
    }

    async fn send(&self, record: &str, reason: &str) -> Result<(), AwsError> {
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let send = self.client.send_message().queue_url(&self.url).message_body(record);
        send.message_attributes("reason", reason?).send().await?;
        Ok(())
    }
}

impl Record {
    /// A queue message has the record in its body; any other JSON is the record itself.
    fn parse(json: &RawValue) -> Self {
        match serde_json::from_str::<SqsMessage>(json.get()) {
            Ok(SqsMessage { message_id: Some(id), body: Some(body), .. }) => {
                Self { id, json: body, origin: Origin::RetryQueue }
            }
            _ => {
                let id = serde_json::from_str::<Numbered>(json.get()).unwrap_or_default();
                Self { id: id.dynamodb.sequence_number, json: json.get().to_owned(), origin: Origin::Stream }
            }
        }
    }

    fn translate(&self, translate: &Translate) -> Result<Vec<Entry>, HandlerError> {
        translate(&json::read(&self.json)?)
    }
}

/// The sequence number of a stream record, even if the rest is unreadable.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Numbered {
    dynamodb: SequenceNumber,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct SequenceNumber {
    sequence_number: String,
}
