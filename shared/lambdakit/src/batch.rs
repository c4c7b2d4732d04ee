//! Batches of records, each handled on its own: what fails comes again, its neighbours do not wait.

use std::error::Error;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;

use crate::telemetry::{self, Loggable, Outcome};

/// Why a record could not be handled.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// A record is in order and cannot be handled yet, as when it overtook what it belongs to. It comes again, like one that
/// failed, but nothing went wrong: the log line does not call it a failure. What never comes ends as a dead letter.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RetryLater(Box<dyn Error + Send + Sync>);

impl RetryLater {
    /// It has to wait for this reason.
    #[must_use]
    pub fn because(reason: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(reason))
    }
}

/// A message that is not what it should be. Says where, but nothing of what stands there: messages
/// hold what customers wrote, and logs must not.
#[derive(Debug, thiserror::Error)]
#[error("unreadable: {category} error at {path}, line {line} column {column}")]
pub struct Unreadable {
    category: &'static str,
    path: String,
    line: usize,
    column: usize,
}

/// Reads a message.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Unreadable> {
    read_from(&mut serde_json::Deserializer::from_str(json))
}

/// Reads a part of a message, or one put together of parts.
pub(crate) fn read_from<'de, T: Deserialize<'de>>(
    json: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        let category = match error.classify() {
            Category::Data => "data",
            Category::Eof | Category::Io | Category::Syntax => "syntax",
        };
        Unreadable { category, path, line: error.line(), column: error.column() }
    })
}

/// The records of a batch that are to come again (`ReportBatchItemFailures`).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

/// A record that was not handled, as the log line tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) id: String,
    pub(crate) reason: String,
    /// Whether it is [only early](RetryLater).
    #[serde(skip)]
    pub(crate) is_early: bool,
}

impl Loggable for Failure {}

impl Failure {
    pub(crate) fn new(id: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        let is_early = error.is::<RetryLater>();
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            reason = format!("{reason}: {error}");
            cause = error.source();
        }
        Self { id: id.into(), reason, is_early }
    }
}

impl BatchResponse {
    /// Notes how a batch of `records` went, and asks for the failed ones again.
    pub(crate) fn report(records: usize, failures: Vec<Failure>) -> (Self, Outcome) {
        telemetry::field("records", &records);
        let failed = failures.iter().filter(|failure| !failure.is_early).count();
        let outcome = match failed {
            0 if failures.is_empty() => Outcome::Ok,
            0 => Outcome::Deferred,
            failed if failed < records => Outcome::Partial,
            _ => Outcome::Failed,
        };
        if !failures.is_empty() {
            telemetry::field("failures", &failures);
        }
        (Self::all(failures.into_iter().map(|failure| failure.id)), outcome)
    }

    /// Asks for all of these records again.
    pub(crate) fn all(ids: impl IntoIterator<Item = String>) -> Self {
        let failures = ids.into_iter().map(|id| ItemFailure { item_identifier: id });
        Self { batch_item_failures: failures.collect() }
    }

    /// The ids of the records that are to come again.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.batch_item_failures.iter().map(|failure| &*failure.item_identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("too early")]
    struct TooEarly;

    #[test]
    fn records_that_are_only_early_are_no_failures() {
        let early = || Failure::new("early", &RetryLater::because(TooEarly));
        let failed = || Failure::new("failed", &TooEarly);
        let outcome = |records, failures| BatchResponse::report(records, failures).1;
        assert_eq!(outcome(1, vec![]), Outcome::Ok);
        assert_eq!(outcome(1, vec![early()]), Outcome::Deferred);
        assert_eq!(outcome(3, vec![early()]), Outcome::Deferred);
        assert_eq!(outcome(2, vec![early(), failed()]), Outcome::Partial);
        assert_eq!(outcome(1, vec![failed()]), Outcome::Failed);
        let (response, _) = BatchResponse::report(1, vec![early()]);
        assert_eq!(response.failed().collect::<Vec<_>>(), ["early"], "it comes again");
        assert_eq!(early().reason, "too early");
    }

    #[test]
    fn an_unreadable_message_is_described_without_what_stands_in_it() {
        let error = read::<Vec<u8>>(r#"[1, "secret"]"#).unwrap_err();
        assert_eq!(error.to_string(), "unreadable: data error at [1], line 1 column 12");
        let error = read::<Vec<u8>>("secret").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
