//! Consumer of the events that advance customers' requests: the delay of an erasure, and the data
//! holders' answers.

use contracts::Event;
use contracts::privacy::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureDue, CustomerErasureRequested,
};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use serde::Deserialize;

use crate::account::Accounts;
use crate::erasure::ErasureDelay;
use crate::store::{Erased, RequestStore};

/// The events that advance requests. A schedule publishes `ErasureDelayPassed`, with the event to
/// publish if the erasure is still requested.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each is documented where it is defined")]
pub enum ProgressEvent {
    CustomerErasureRequested(Event<CustomerErasureRequested>),
    ErasureDelayPassed(Event<CustomerErasureDue>),
    CustomerDataCollected(Event<CustomerDataCollected>),
    CustomerDataErased(Event<CustomerDataErased>),
}

/// Delays erasures, and collects the data holders' answers.
#[derive(Clone, Debug)]
pub struct RequestProgress {
    requests: RequestStore,
    accounts: Accounts,
    delay: ErasureDelay,
}

impl RequestProgress {
    /// Collects answers to these requests, deletes these accounts, and delays erasures.
    #[must_use]
    pub fn new(requests: RequestStore, accounts: Accounts, delay: ErasureDelay) -> Self {
        Self { requests, accounts, delay }
    }

    async fn erasure_requested(
        &self,
        requested: &Event<CustomerErasureRequested>,
    ) -> Result<(), HandlerError> {
        match self.delay.start(requested).await? {
            Some(due) => self.erasure_due(&due).await,
            None => Ok(()),
        }
    }

    /// Publishes an erasure that is due. Holders trust events of this service, so it publishes only
    /// what was requested here, and not yet completed.
    async fn erasure_due(&self, due: &Event<CustomerErasureDue>) -> Result<(), HandlerError> {
        let CustomerErasureDue { customer_id, erasure_id } = due.data;
        if self.requests.is_erasing(customer_id, erasure_id).await? {
            self.delay.publish(due).await?;
        }
        Ok(())
    }

    /// Deletes the account when no holder has data any more, and then the request. If a step fails,
    /// the message is redelivered, and all steps are repeated. No step can affect another customer.
    async fn erased(&self, erased: &CustomerDataErased) -> Result<(), HandlerError> {
        if self.requests.erased(erased).await? == Erased::Everything {
            self.finish(erased).await?;
        }
        Ok(())
    }

    async fn finish(&self, erased: &CustomerDataErased) -> Result<(), HandlerError> {
        self.requests.delete_export(erased.customer_id).await?;
        self.accounts.delete(erased.customer_id).await?;
        self.requests.delete_erasure(erased.customer_id, erased.erasure_id).await?;
        telemetry::count("customersErased", 1);
        Ok(())
    }
}

impl consumer::Handler for RequestProgress {
    type Event = ProgressEvent;

    async fn handle(&self, event: ProgressEvent) -> Result<(), HandlerError> {
        match event {
            ProgressEvent::CustomerErasureRequested(requested) => self.erasure_requested(&requested).await,
            ProgressEvent::ErasureDelayPassed(due) => self.erasure_due(&due).await,
            ProgressEvent::CustomerDataCollected(collected) => {
                Ok(self.requests.collect(&collected.data).await?)
            }
            ProgressEvent::CustomerDataErased(erased) => self.erased(&erased.data).await,
        }
    }
}
