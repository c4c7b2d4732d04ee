//! The delay of an erasure: orders in progress are placed, charged and shipped meanwhile.
//!
//! A one-time schedule delivers the event of a due erasure to this service's consumer, which
//! publishes it for the holders that wait.

use std::time::Duration;

use contracts::privacy::{CustomerErasureDue, CustomerErasureRequested};
use contracts::{Event, Payload, Published};
use domain::Timestamp;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::{Entry, Publisher};
use lambdakit::messaging::schedule::Schedules;
use lambdakit::{ConfigError, config};
use uuid::Uuid;

/// Delays erasures.
#[derive(Clone, Debug)]
pub struct ErasureDelay {
    schedules: Schedules,
    publisher: Publisher,
    delay: Duration,
}

impl ErasureDelay {
    /// Delays erasures by `delay` with these schedules, and publishes those that are due.
    #[must_use]
    pub fn new(schedules: Schedules, publisher: Publisher, delay: Duration) -> Self {
        Self { schedules, publisher, delay }
    }

    /// Delays erasures by `ERASURE_DELAY_SECONDS`.
    ///
    /// # Errors
    /// When the variable is missing, or not a number.
    pub fn from_env(schedules: Schedules, publisher: Publisher) -> Result<Self, ConfigError> {
        Ok(Self::new(schedules, publisher, Duration::from_secs(config::parsed("ERASURE_DELAY_SECONDS")?)))
    }

    /// Schedules a requested erasure. A repeated call uses the same schedule.
    ///
    /// Returns the event of an erasure that is due already: there is no delay, or it passed while the
    /// request could not be handled.
    pub(crate) async fn start(
        &self,
        requested: &Event<CustomerErasureRequested>,
    ) -> Result<Option<Event<CustomerErasureDue>>, HandlerError> {
        let CustomerErasureRequested { customer_id, erasure_id } = requested.data;
        let due_at = requested.metadata.occurred_at.plus(self.delay);
        let due = requested.consequence("due", due_at, CustomerErasureDue { customer_id, erasure_id });
        if due_at <= Timestamp::now() {
            return Ok(Some(due));
        }
        let (source, detail_type) = (CustomerErasureDue::SOURCE, CustomerErasureDue::DETAIL_TYPE);
        self.schedules.send_at(due_at.into(), &schedule_name(erasure_id), source, detail_type, &due).await?;
        Ok(None)
    }

    /// Publishes an erasure that is due.
    pub(crate) async fn publish(&self, due: &Event<CustomerErasureDue>) -> Result<(), HandlerError> {
        let entry = Entry::new(CustomerErasureDue::SOURCE, CustomerErasureDue::DETAIL_TYPE, due)?;
        Ok(self.publisher.publish_one(entry).await?)
    }
}

/// The name of an erasure's schedule.
#[must_use]
pub fn schedule_name(erasure_id: Uuid) -> String {
    format!("erasure-{erasure_id}")
}
