//! Consumer of the data holders' answers to customers' requests.

use contracts::Event;
use contracts::privacy::{CustomerDataCollected, CustomerDataErased};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use serde::Deserialize;

use crate::account::Accounts;
use crate::store::{Erased, RequestStore};

/// The events that the data holders publish.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each is documented where it is defined")]
pub enum HolderEvent {
    CustomerDataCollected(Event<CustomerDataCollected>),
    CustomerDataErased(Event<CustomerDataErased>),
}

/// Collects the data holders' answers.
#[derive(Clone, Debug)]
pub struct RequestProgress {
    requests: RequestStore,
    accounts: Accounts,
}

impl RequestProgress {
    /// Collects answers to these requests, and deletes these accounts.
    #[must_use]
    pub fn new(requests: RequestStore, accounts: Accounts) -> Self {
        Self { requests, accounts }
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
        telemetry::count("CustomersErased", 1);
        Ok(())
    }
}

impl consumer::Handler for RequestProgress {
    type Event = HolderEvent;

    async fn handle(&self, event: HolderEvent) -> Result<(), HandlerError> {
        match event {
            HolderEvent::CustomerDataCollected(collected) => {
                Ok(self.requests.collect(&collected.data).await?)
            }
            HolderEvent::CustomerDataErased(erased) => self.erased(&erased.data).await,
        }
    }
}
