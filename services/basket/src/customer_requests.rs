//! What a customer's requests about their own data mean to their basket: it is handed over, or emptied.
//!
//! Receipts of checkouts and the outbox cannot be found by their customer: they end by themselves, within a
//! day and a week.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use domain::Timestamp;
use domain::event::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureRequested, CustomerExportRequested, Event,
    Fact, Keeper,
};
use lambdakit::batch::{self, HandlerError};
use lambdakit::publish::{Entry, Publisher};
use lambdakit::{queue, telemetry};
use serde_json::value::{RawValue, to_raw_value};

use crate::api::BasketSummary;
use crate::store::BasketStore;

/// Does with baskets what their customers ask for.
#[derive(Clone, Debug)]
pub struct CustomerRequests {
    baskets: BasketStore,
    publisher: Publisher,
}

/// Why an event is no customer's request.
#[derive(Debug, thiserror::Error)]
enum CustomerRequestError {
    #[error("an event has the unknown detail-type {0}")]
    DetailType(String),
}

impl CustomerRequests {
    /// Does it with these baskets, and tells it there.
    #[must_use]
    pub fn new(baskets: BasketStore, publisher: Publisher) -> Self {
        Self { baskets, publisher }
    }

    async fn export(&self, request: Event<CustomerExportRequested>) -> Result<(), HandlerError> {
        let CustomerExportRequested { user_name, export_id } = request.data.clone();
        let basket = self.baskets.get(&user_name).await?.basket;
        let fact = CustomerDataCollected {
            user_name,
            export_id,
            keeper: Keeper::Basket,
            part: 0,
            last: true,
            items: to_raw_value(&[BasketSummary::from(basket)])?.into(),
        };
        self.tell(request.consequence("basket#0", Timestamp::now(), fact)).await
    }

    async fn erase(&self, request: Event<CustomerErasureRequested>) -> Result<(), HandlerError> {
        let CustomerErasureRequested { user_name, erasure_id } = request.data.clone();
        self.baskets.empty(&user_name).await?;
        let fact = CustomerDataErased { user_name, erasure_id, keeper: Keeper::Basket };
        self.tell(request.consequence("basket", Timestamp::now(), fact)).await
    }

    async fn tell<D: Fact>(&self, event: Event<D>) -> Result<(), HandlerError> {
        let entry = Entry::new(event.data.source(), D::DETAIL_TYPE, &event)?;
        Ok(self.publisher.publish_one(entry).await?)
    }
}

impl queue::Handler for CustomerRequests {
    async fn handle(&self, body: &str) -> Result<(), HandlerError> {
        let envelope: EventBridgeEvent<Box<RawValue>> = batch::read(body)?;
        let detail = envelope.detail.get();
        match &*envelope.detail_type {
            CustomerExportRequested::DETAIL_TYPE => self.export(read(detail)?).await,
            CustomerErasureRequested::DETAIL_TYPE => self.erase(read(detail)?).await,
            other => Err(CustomerRequestError::DetailType(other.to_owned()).into()),
        }
    }
}

fn read<D: Fact>(detail: &str) -> Result<Event<D>, HandlerError> {
    let event: Event<D> = batch::read(detail)?;
    telemetry::event(D::DETAIL_TYPE);
    telemetry::correlate(&event.metadata.correlation_id);
    Ok(event)
}
