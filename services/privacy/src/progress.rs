//! How far a customer's request has come: the answers of the services that hold their data.

use domain::event::Event;
use domain::event::privacy::{CustomerDataCollected, CustomerDataErased};
use lambdakit::batch::HandlerError;
use lambdakit::{queue, telemetry};
use serde::Deserialize;

use crate::account::Accounts;
use crate::store::{Erased, RequestStore};

/// What the holders of customers' data publish.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each is documented where it is defined")]
pub enum HolderEvent {
    CustomerDataCollected(Event<CustomerDataCollected>),
    CustomerDataErased(Event<CustomerDataErased>),
}

/// Collects the answers to the requests of customers.
#[derive(Clone, Debug)]
pub struct RequestProgress {
    requests: RequestStore,
    accounts: Accounts,
}

impl RequestProgress {
    /// Progress of these requests; accounts are deleted there.
    #[must_use]
    pub fn new(requests: RequestStore, accounts: Accounts) -> Self {
        Self { requests, accounts }
    }

    /// The account is deleted when no holder has data any more, and the request after the account: if one of the steps
    /// fails, the message is delivered again, and all steps are done again. None of them can touch another customer.
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

impl queue::Handler for RequestProgress {
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
