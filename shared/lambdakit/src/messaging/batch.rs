//! Partial batch responses: each record is handled on its own, and only failed records are
//! redelivered.

use std::error::Error;

use serde::Serialize;

use crate::telemetry::{self, Loggable, Outcome};

/// Why a record could not be handled.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// The record is valid but cannot be handled yet, for example because it overtook a record that it
/// depends on. It is redelivered like a failed record, but the log line reports no failure. A
/// record that is never ready ends in the dead-letter queue.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RetryLater(Box<dyn Error + Send + Sync>);

impl RetryLater {
    /// Requests a later retry, for this reason.
    #[must_use]
    pub fn because(reason: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(reason))
    }
}

/// The records of a batch that must be redelivered (`ReportBatchItemFailures`).
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

/// A record that was not handled, as the log line reports it.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) id: String,
    pub(crate) reason: String,
    /// Whether the record is [only early](RetryLater).
    #[serde(skip)]
    pub(crate) is_early: bool,
}

impl Loggable for Failure {}

impl Failure {
    pub(crate) fn new(id: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        let is_early = error.is::<RetryLater>();
        Self { id: id.into(), reason: telemetry::causes(error), is_early }
    }
}

impl BatchResponse {
    /// Logs the result of a batch of `records`, and requests redelivery of the failed ones.
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

    /// Requests redelivery of all these records.
    pub(crate) fn all(ids: impl IntoIterator<Item = String>) -> Self {
        let failures = ids.into_iter().map(|id| ItemFailure { item_identifier: id });
        Self { batch_item_failures: failures.collect() }
    }

    /// Requests redelivery from the first of these records on, as streams need it.
    pub(crate) fn first(mut self) -> Self {
        self.batch_item_failures.truncate(1);
        self
    }

    /// The ids of the records that must be redelivered.
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
}
