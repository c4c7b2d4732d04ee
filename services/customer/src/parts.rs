//! What it means that another service has collected, or erased, what it kept of a customer.

use domain::event::{CustomerDataCollected, CustomerDataErased, Event};
use lambdakit::batch::HandlerError;
use lambdakit::{queue, telemetry};
use serde::Deserialize;

use crate::account::Accounts;
use crate::store::{Erased, RequestStore};

/// What a keeper of something of a customer's tells.
#[derive(Clone, Debug, Deserialize)]
pub enum KeeperEvent {
    /// It has handed over, or a part of it.
    CustomerDataCollected(Event<CustomerDataCollected>),
    /// It keeps nothing any more.
    CustomerDataErased(Event<CustomerDataErased>),
}

/// Puts together what the other services do for a customer's request.
#[derive(Clone, Debug)]
pub struct Parts {
    requests: RequestStore,
    accounts: Accounts,
}

impl Parts {
    /// Puts it together in this store; accounts are removed there.
    #[must_use]
    pub fn new(requests: RequestStore, accounts: Accounts) -> Self {
        Self { requests, accounts }
    }

    /// The account goes when nobody keeps anything any more, and the request after the account: should one of the
    /// steps fail, the message comes again, and does them all again.
    async fn erased(&self, erased: &CustomerDataErased) -> Result<(), HandlerError> {
        if self.requests.erased(erased).await? == Erased::Everything {
            self.requests.forget_export(&erased.user_name).await?;
            self.accounts.remove(&erased.user_name).await?;
            self.requests.forget_erasure(&erased.user_name).await?;
            telemetry::count("CustomersErased", 1);
        }
        Ok(())
    }
}

impl queue::Handler for Parts {
    type Event = KeeperEvent;

    async fn handle(&self, event: KeeperEvent) -> Result<(), HandlerError> {
        match event {
            KeeperEvent::CustomerDataCollected(collected) => {
                Ok(self.requests.collect(&collected.data).await?)
            }
            KeeperEvent::CustomerDataErased(erased) => self.erased(&erased.data).await,
        }
    }
}
