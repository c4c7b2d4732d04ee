//! What a customer's requests about their own data mean to their basket: it is handed over, or emptied.
//!
//! Receipts of checkouts and the outbox cannot be found by their customer: they end by themselves, within a
//! day and a week.

use domain::Timestamp;
use domain::event::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureRequested, CustomerExportRequested,
    CustomerRequest, Event, Fact, Keeper,
};
use lambdakit::batch::HandlerError;
use lambdakit::publish::{Entry, Publisher};
use lambdakit::queue;
use serde_json::value::to_raw_value;

use crate::api::BasketSummary;
use crate::store::BasketStore;

/// Does with baskets what their customers ask for.
#[derive(Clone, Debug)]
pub struct CustomerRequests {
    baskets: BasketStore,
    publisher: Publisher,
}

impl CustomerRequests {
    /// Does it with these baskets, and tells it there.
    #[must_use]
    pub fn new(baskets: BasketStore, publisher: Publisher) -> Self {
        Self { baskets, publisher }
    }

    async fn export(&self, request: &Event<CustomerExportRequested>) -> Result<Entry, HandlerError> {
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
        let event = request.consequence("basket#0", Timestamp::now(), fact);
        Ok(Entry::new(event.data.source(), CustomerDataCollected::DETAIL_TYPE, &event)?)
    }

    async fn erase(&self, request: &Event<CustomerErasureRequested>) -> Result<Entry, HandlerError> {
        let CustomerErasureRequested { user_name, erasure_id } = request.data.clone();
        self.baskets.empty(&user_name).await?;
        let fact = CustomerDataErased { user_name, erasure_id, keeper: Keeper::Basket };
        let event = request.consequence("basket", Timestamp::now(), fact);
        Ok(Entry::new(event.data.source(), CustomerDataErased::DETAIL_TYPE, &event)?)
    }
}

impl queue::Handler for CustomerRequests {
    type Event = CustomerRequest;

    async fn handle(&self, request: CustomerRequest) -> Result<(), HandlerError> {
        let done = match request {
            CustomerRequest::CustomerExportRequested(request) => self.export(&request).await?,
            CustomerRequest::CustomerErasureRequested(request) => self.erase(&request).await?,
        };
        Ok(self.publisher.publish_one(done).await?)
    }
}
