//! How a service exports or erases the data that it holds about a customer.
//!
//! A service implements [`DataHolder`] for its data. [`PrivacyHandler`] handles the requests and
//! publishes the answers. It stores nothing about a request. A message is acknowledged only after
//! its answer is published, and handling it again is harmless.

use contracts::privacy::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureDue, CustomerErasureRequested,
    CustomerExportRequested, PrivacyRequest,
};
use contracts::{Event, Payload};
use domain::{CustomerId, Timestamp};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::{Entry, Publisher};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

/// The approximate number of bytes of data in one event. EventBridge bills each 64 KB and accepts
/// four times as much. One item has at most half of that.
const PART_BYTES: usize = 60 * 1024;

/// A service that holds data about customers.
pub trait DataHolder: Sync {
    /// The service's name.
    const SERVICE: &'static str;
    /// The service's name as EventBridge's `source`.
    const SOURCE: &'static str;

    /// Adds all data of a customer to an export, as the service shows it to them.
    fn collect(
        &self,
        customer_id: CustomerId,
        export: &mut Export<'_>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Erases all data of a customer. The operation is idempotent.
    fn erase(&self, customer_id: CustomerId) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Handles the privacy requests of customers for one holder.
#[derive(Clone, Debug)]
pub struct PrivacyHandler<H> {
    holder: H,
    publisher: Publisher,
}

impl<H: DataHolder> PrivacyHandler<H> {
    /// A handler that publishes the holder's answers with `publisher`.
    #[must_use]
    pub fn new(holder: H, publisher: Publisher) -> Self {
        Self { holder, publisher }
    }

    async fn export(&self, request: &Event<CustomerExportRequested>) -> Result<(), HandlerError> {
        let mut export = Export {
            publisher: &self.publisher,
            request,
            holder: (H::SERVICE, H::SOURCE),
            run_id: Uuid::now_v7(),
            part: 0,
            items: Vec::new(),
            bytes: 0,
        };
        self.holder.collect(request.data.customer_id, &mut export).await?;
        export.publish(true).await
    }

    /// Erases when it is requested or when it is due; a holder subscribes to one of the events.
    async fn erase<P: Payload>(
        &self,
        cause: &Event<P>,
        customer_id: CustomerId,
        erasure_id: Uuid,
    ) -> Result<(), HandlerError> {
        self.holder.erase(customer_id).await?;
        let payload = CustomerDataErased { customer_id, erasure_id, holder: H::SERVICE.to_owned() };
        let event = cause.consequence(H::SERVICE, Timestamp::now(), payload);
        let entry = Entry::new(H::SOURCE, CustomerDataErased::DETAIL_TYPE, &event)?;
        Ok(self.publisher.publish_one(entry).await?)
    }
}

impl<H: DataHolder> consumer::Handler for PrivacyHandler<H> {
    type Event = PrivacyRequest;

    async fn handle(&self, request: PrivacyRequest) -> Result<(), HandlerError> {
        match request {
            PrivacyRequest::CustomerExportRequested(request) => self.export(&request).await,
            PrivacyRequest::CustomerErasureRequested(request) => {
                let CustomerErasureRequested { customer_id, erasure_id } = request.data;
                self.erase(&request, customer_id, erasure_id).await
            }
            PrivacyRequest::CustomerErasureDue(due) => {
                let CustomerErasureDue { customer_id, erasure_id } = due.data;
                self.erase(&due, customer_id, erasure_id).await
            }
        }
    }
}

/// One export run of a holder over a customer's data, published in parts.
#[derive(Debug)]
pub struct Export<'a> {
    publisher: &'a Publisher,
    request: &'a Event<CustomerExportRequested>,
    holder: (&'static str, &'static str),
    run_id: Uuid,
    part: u32,
    items: Vec<Box<RawValue>>,
    bytes: usize,
}

impl Export<'_> {
    /// Adds an item.
    ///
    /// # Errors
    /// When the item cannot be serialized, or the preceding full part cannot be published.
    pub async fn add(&mut self, item: &(impl Serialize + Sync)) -> Result<(), HandlerError> {
        let item = to_raw_value(item)?;
        if !self.items.is_empty() && self.bytes + item.get().len() > PART_BYTES {
            self.publish(false).await?;
        }
        self.bytes += item.get().len();
        self.items.push(item);
        Ok(())
    }

    async fn publish(&mut self, last: bool) -> Result<(), HandlerError> {
        let (service, source) = self.holder;
        let CustomerExportRequested { customer_id, export_id } = self.request.data;
        let (run_id, part) = (self.run_id, self.part);
        let items = to_raw_value(&self.items)?.into();
        let holder = service.to_owned();
        let payload = CustomerDataCollected { customer_id, export_id, holder, run_id, part, last, items };
        let name = format!("{service}#{run_id}#{part}");
        let event = self.request.consequence(&name, Timestamp::now(), payload);
        let entry = Entry::new(source, CustomerDataCollected::DETAIL_TYPE, &event)?;
        self.publisher.publish_one(entry).await?;
        (self.items, self.bytes, self.part) = (Vec::new(), 0, part + 1);
        Ok(())
    }
}
