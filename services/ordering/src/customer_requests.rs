//! What a customer's requests about their own data mean to orders: they are handed over, or nobody
//! knows any longer whose they were.
//!
//! Nothing is written here and then told: an export writes nothing, and an erasure is told when it is
//! done. Until it is told the message is not acknowledged, and doing all of it again is harmless.

use domain::Timestamp;
use domain::event::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureRequested, CustomerExportRequested,
    CustomerRequest, Event, Fact, Keeper,
};
use lambdakit::batch::HandlerError;
use lambdakit::publish::{Entry, Publisher};
use lambdakit::{queue, telemetry};
use serde_json::value::{RawValue, to_raw_value};

use crate::api::OrderView;
use crate::store::{FulfilmentStore, OrderStore};

/// About how many bytes of orders go into one event: EventBridge bills by 64 KB, and takes four times as
/// much. The largest order is just below that.
const PART_BYTES: usize = 60 * 1024;
/// How many orders one transaction moves: few enough for a small table's capacity.
const TOGETHER: usize = 10;

/// Does with orders what their customers ask for.
#[derive(Clone, Debug)]
pub struct CustomerRequests {
    orders: OrderStore,
    fulfilments: FulfilmentStore,
    publisher: Publisher,
}

impl CustomerRequests {
    /// Does it with these orders, and tells it there.
    #[must_use]
    pub fn new(orders: OrderStore, fulfilments: FulfilmentStore, publisher: Publisher) -> Self {
        Self { orders, fulfilments, publisher }
    }

    async fn export(&self, request: Event<CustomerExportRequested>) -> Result<(), HandlerError> {
        let (mut part, mut bytes, mut number, mut start) = (Vec::new(), 0, 0, None);
        loop {
            let (orders, next) = self.orders.chunk(&request.data.user_name, start).await?;
            for order in orders {
                let order = to_raw_value(&OrderView::try_from(order)?)?;
                if !part.is_empty() && bytes + order.get().len() > PART_BYTES {
                    self.hand_over(&request, number, false, &part).await?;
                    (part, bytes, number) = (Vec::new(), 0, number + 1);
                }
                bytes += order.get().len();
                part.push(order);
            }
            if next.is_none() {
                return self.hand_over(&request, number, true, &part).await;
            }
            start = next;
        }
    }

    async fn hand_over(
        &self,
        request: &Event<CustomerExportRequested>,
        part: u32,
        last: bool,
        orders: &[Box<RawValue>],
    ) -> Result<(), HandlerError> {
        let CustomerExportRequested { user_name, export_id } = request.data.clone();
        let (keeper, items) = (Keeper::Ordering, to_raw_value(orders)?.into());
        let fact = CustomerDataCollected { user_name, export_id, keeper, part, last, items };
        self.tell(request.consequence(&format!("ordering#{part}"), Timestamp::now(), fact)).await
    }

    async fn erase(&self, request: Event<CustomerErasureRequested>) -> Result<(), HandlerError> {
        let CustomerErasureRequested { user_name, erasure_id } = request.data.clone();
        let mut start = None;
        loop {
            let (orders, next) = self.orders.chunk(&user_name, start).await?;
            for orders in orders.chunks(TOGETHER) {
                self.orders.anonymise(orders, &self.fulfilments).await?;
                telemetry::count("OrdersAnonymised", orders.len());
            }
            if next.is_none() {
                break;
            }
            start = next;
        }
        let fact = CustomerDataErased { user_name, erasure_id, keeper: Keeper::Ordering };
        self.tell(request.consequence("ordering", Timestamp::now(), fact)).await
    }

    async fn tell<D: Fact>(&self, event: Event<D>) -> Result<(), HandlerError> {
        let entry = Entry::new(event.data.source(), D::DETAIL_TYPE, &event)?;
        Ok(self.publisher.publish_one(entry).await?)
    }
}

impl queue::Handler for CustomerRequests {
    type Event = CustomerRequest;

    async fn handle(&self, request: CustomerRequest) -> Result<(), HandlerError> {
        match request {
            CustomerRequest::CustomerExportRequested(request) => self.export(request).await,
            CustomerRequest::CustomerErasureRequested(request) => self.erase(request).await,
        }
    }
}
