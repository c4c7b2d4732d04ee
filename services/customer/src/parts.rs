//! What it means that another service has collected, or erased, what it kept of a customer.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::event::{CustomerDataCollected, CustomerDataErased, Event, Fact};
use lambdakit::batch::{self, HandlerError};
use lambdakit::{queue, telemetry};
use serde_json::value::RawValue;

use crate::account::Accounts;
use crate::store::{Erased, RequestStore};

/// Puts together what the other services do for a customer's request.
#[derive(Clone, Debug)]
pub struct Parts {
    requests: RequestStore,
    accounts: Accounts,
}

/// Why an event is none that is waited for.
#[derive(Debug, thiserror::Error)]
enum PartError {
    #[error("an event has the unknown detail-type {0}")]
    DetailType(String),
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
    async fn handle(&self, body: &str) -> Result<(), HandlerError> {
        let envelope: EventBridgeEvent<Box<RawValue>> = batch::read(body)?;
        let detail = envelope.detail.get();
        match &*envelope.detail_type {
            CustomerDataCollected::DETAIL_TYPE => Ok(self.requests.collect(&read(detail)?).await?),
            CustomerDataErased::DETAIL_TYPE => self.erased(&read(detail)?).await,
            other => Err(PartError::DetailType(other.to_owned()).into()),
        }
    }
}

fn read<D: Fact>(detail: &str) -> Result<D, HandlerError> {
    let event: Event<D> = batch::read(detail)?;
    telemetry::event(D::DETAIL_TYPE);
    telemetry::correlate(&event.metadata.correlation_id);
    Ok(event.data)
}
