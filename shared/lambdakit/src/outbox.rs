//! Publishes the changes in a DynamoDB stream as events: the second half of the outbox pattern. A
//! service writes only to its table; the publisher then publishes each change at least once.
//!
//! A record that the bus refuses, or that is unfinished at the deadline, is reported
//! (`ReportBatchItemFailures`). Lambda redelivers it and all later records until they succeed or
//! leave the stream, after 24 hours. So no event is published for the last time before an earlier
//! one. Later records of the batch may have been published already: they are published again, under
//! the same event ids.
//!
//! If the first record of a batch is reported, the invocation fails. Lambda redelivers the batch
//! either way, but only a failed invocation counts in the metric `Errors`: an alarm can detect a
//! stream that makes no progress.
//!
//! A record that cannot be translated would block the stream. The publisher sends it to a quarantine
//! queue, with its whole body and the reason, and the stream continues. No function reads that
//! queue. After the cause is repaired, the publisher is invoked with the record again. If the queue
//! does not accept the record, it is reported like one that the bus refuses.

use std::fmt;
use std::sync::Arc;

pub use aws_lambda_events::dynamodb::EventRecord;
use aws_sdk_sqs::types::MessageAttributeValue;
use futures::future::join_all;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::aws::Aws;
use crate::aws::AwsError;
use crate::json;
use crate::messaging::batch::{BatchResponse, Failure, HandlerError};
use crate::messaging::publish::{Entry, Publisher};
use crate::start;
use crate::telemetry::{self, Invocation, Outcome, within_deadline};
use crate::{ConfigError, config};

/// Translates a change of the table to events.
type Translate = Arc<dyn Fn(&EventRecord) -> Result<Vec<Entry>, HandlerError> + Send + Sync>;

/// Publishes the changes of a table.
#[derive(Clone)]
pub struct Outbox {
    publisher: Publisher,
    quarantine: Quarantine,
    translate: Translate,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { publisher, quarantine, translate: _ } = self;
        f.debug_struct("Outbox")
            .field("publisher", publisher)
            .field("quarantine", quarantine)
            .finish_non_exhaustive()
    }
}

/// The queue for records that cannot be translated.
#[derive(Clone, Debug)]
pub struct Quarantine {
    client: aws_sdk_sqs::Client,
    url: String,
    /// The function to invoke with the record again.
    function: String,
}

/// A batch of the stream.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

/// A record of the stream.
struct Record<'a> {
    /// Its identifier in a batch response.
    sequence_number: String,
    json: &'a str,
}

/// The first record of a batch could neither be published nor quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("records could neither be published nor quarantined; the log line says why")]
pub struct RetryBatch;

/// Runs a function whose trigger is a table's stream. `build` creates its outbox at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run(
    build: impl AsyncFnOnce() -> Result<Outbox, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    start::run(build, |outbox, event: LambdaEvent<json::Payload<Batch>>| {
        Box::pin(async move {
            let LambdaEvent { payload: json::Payload(payload), context } = event;
            let batch = payload.map_err(|error| start::malformed(&context, &error))?;
            let response = outbox.invoke(batch, Some(&context)).await;
            response.map_err(|error| Diagnostic::from(lambda_runtime::Error::from(error)))
        })
    })
    .await
}

impl Outbox {
    /// An outbox that publishes to the bus in `EVENT_BUS` and has its quarantine in
    /// `QUARANTINE_QUEUE_URL`.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn from_env<T: IntoIterator<Item = Entry>>(
        aws: &Aws,
        translate: impl Fn(&EventRecord) -> Result<T, HandlerError> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let publisher = Publisher::from_env(aws)?;
        let (url, function) =
            (config::required("QUARANTINE_QUEUE_URL")?, config::required("AWS_LAMBDA_FUNCTION_NAME")?);
        Ok(Self::new(publisher, Quarantine::new(aws.sqs(), url, function), translate))
    }

    /// An outbox that publishes the events that `translate` returns for each change: one, several
    /// or none. If one of several events cannot be published, all of them are retried.
    #[must_use]
    pub fn new<T: IntoIterator<Item = Entry>>(
        publisher: Publisher,
        quarantine: Quarantine,
        translate: impl Fn(&EventRecord) -> Result<T, HandlerError> + Send + Sync + 'static,
    ) -> Self {
        let translate = move |record: &EventRecord| Ok(translate(record)?.into_iter().collect());
        Self { publisher, quarantine, translate: Arc::new(translate) }
    }

    /// Publishes one batch and reports the records that are not done. Lambda redelivers the first of
    /// these and all later records. Without a context (in tests) there is no deadline.
    ///
    /// # Errors
    /// When the first record is not done. Lambda then redelivers the whole batch.
    pub async fn invoke(&self, batch: Batch, context: Option<&Context>) -> Result<BatchResponse, RetryBatch> {
        let invocation = Invocation::begin(context);
        let records: Vec<Record> = batch.records.iter().map(|json| Record::parse(json)).collect();
        let done = invocation.run_parts(async {
            let Published { failures, quarantined } = self.publish(&records).await;
            let (response, outcome) = BatchResponse::report(records.len(), failures);
            // Quarantined records are handled but not published: the outcome is partial.
            if !quarantined.is_empty() {
                telemetry::field("quarantined", &quarantined);
            }
            let outcome =
                if outcome == Outcome::Ok && !quarantined.is_empty() { Outcome::Partial } else { outcome };
            (response, outcome)
        });
        let (response, outcome) = done.await;
        let first = records.first().map(|record| &*record.sequence_number);
        if first.is_some_and(|first| response.failed().any(|failed| failed == first)) {
            invocation.end(Outcome::Failed);
            return Err(RetryBatch);
        }
        invocation.end(outcome);
        Ok(response)
    }

    async fn publish(&self, records: &[Record<'_>]) -> Published {
        let mut untranslated: Vec<(&Record, HandlerError)> = Vec::new();
        let (mut entries, mut sources) = (Vec::new(), Vec::new());
        for record in records {
            match record.translate(&self.translate) {
                Ok(events) => {
                    sources.push((record, events.len()));
                    for entry in events {
                        telemetry::event(entry.detail_type);
                        entries.push(entry);
                    }
                }
                Err(error) => untranslated.push((record, error)),
            }
        }
        let results = self.publisher.publish(&entries).await;
        telemetry::count("eventsPublished", results.iter().filter(|result| result.is_ok()).count());
        let (mut published, mut results) = (Published::default(), results.into_iter());
        for (record, events) in sources {
            // A record fails once, however many of its events fail.
            let error = results.by_ref().take(events).fold(None, |error, result| error.or(result.err()));
            published.failures.extend(error.map(|error| record.failure(&error)));
        }
        let quarantine = untranslated.iter().map(|(record, error)| self.quarantine(record, &**error));
        for result in join_all(quarantine).await {
            match result {
                Ok(quarantined) => published.quarantined.push(quarantined),
                Err(failure) => published.failures.push(failure),
            }
        }
        published
    }

    /// Quarantines a record. A record that the queue does not accept counts as failed.
    async fn quarantine(
        &self,
        record: &Record<'_>,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> Result<Failure, Failure> {
        let untranslated = record.failure(error);
        let send = within_deadline(self.quarantine.send(record.json, &untranslated.reason));
        let sent: Result<(), HandlerError> = async { Ok(send.await??) }.await;
        match sent {
            Ok(()) => Ok(untranslated),
            Err(error) => Err(record.failure(&*error)),
        }
    }
}

/// The records that were not published.
#[derive(Default)]
struct Published {
    failures: Vec<Failure>,
    quarantined: Vec<Failure>,
}

impl Quarantine {
    /// The queue at this URL, for records that `function` could not translate.
    #[must_use]
    pub fn new(client: aws_sdk_sqs::Client, url: String, function: String) -> Self {
        Self { client, url, function }
    }

    async fn send(&self, record: &str, reason: &str) -> Result<(), AwsError> {
        let attribute =
            |text: &str| MessageAttributeValue::builder().data_type("String").string_value(text).build();
        let send = self.client.send_message().queue_url(&self.url).message_body(record);
        let send = send.message_attributes("reason", attribute(reason)?);
        send.message_attributes("function", attribute(&self.function)?).send().await?;
        Ok(())
    }
}

impl<'a> Record<'a> {
    fn parse(json: &'a RawValue) -> Self {
        let SequenceNumber { sequence_number } =
            serde_json::from_str::<Numbered>(json.get()).unwrap_or_default().dynamodb;
        Self { sequence_number, json: json.get() }
    }

    fn translate(&self, translate: &Translate) -> Result<Vec<Entry>, HandlerError> {
        let entries = translate(&json::read(self.json)?)?;
        // The bus would refuse it each time.
        entries.iter().try_for_each(Entry::check_size)?;
        Ok(entries)
    }

    fn failure(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        Failure::new(&*self.sequence_number, error)
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
