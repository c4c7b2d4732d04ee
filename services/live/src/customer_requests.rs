//! What a customer's requests about their own data mean to their chat: it is handed over, or forgotten, with all that is
//! known of their connections and of where their orders stand.
//!
//! Ordering hands over where orders stand, and connections are over in an hour, so the chat is all that is handed over.

use domain::Timestamp;
use domain::event::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureRequested, CustomerExportRequested,
    CustomerRequest, Event, Fact, Keeper,
};
use lambdakit::batch::HandlerError;
use lambdakit::publish::{Entry, Publisher};
use lambdakit::queue;
use serde_json::value::{RawValue, to_raw_value};

use crate::frame::Line;
use crate::store::{ChatStore, ConnectionStore};

/// About how many bytes go into one event: EventBridge bills by 64 KB, and takes four times as much.
const PART_BYTES: usize = 60 * 1024;

/// Does with chats what their customers ask for.
#[derive(Clone, Debug)]
pub struct CustomerRequests {
    connections: ConnectionStore,
    chats: ChatStore,
    publisher: Publisher,
}

impl CustomerRequests {
    /// Does it with these connections and chats, and tells it there.
    #[must_use]
    pub fn new(connections: ConnectionStore, chats: ChatStore, publisher: Publisher) -> Self {
        Self { connections, chats, publisher }
    }

    async fn export(&self, request: Event<CustomerExportRequested>) -> Result<(), HandlerError> {
        let (mut part, mut bytes, mut number, mut after) = (Vec::new(), 0, 0, None);
        loop {
            let page = self.chats.first(&request.data.user_name, after).await?;
            for message in &page.messages {
                let line = to_raw_value(&Line::from(message))?;
                if !part.is_empty() && bytes + line.get().len() > PART_BYTES {
                    self.hand_over(&request, number, false, &part).await?;
                    (part, bytes, number) = (Vec::new(), 0, number + 1);
                }
                bytes += line.get().len();
                part.push(line);
            }
            if page.next.is_none() {
                return self.hand_over(&request, number, true, &part).await;
            }
            after = page.next;
        }
    }

    async fn hand_over(
        &self,
        request: &Event<CustomerExportRequested>,
        part: u32,
        last: bool,
        lines: &[Box<RawValue>],
    ) -> Result<(), HandlerError> {
        let CustomerExportRequested { user_name, export_id } = request.data.clone();
        let (keeper, items) = (Keeper::Live, to_raw_value(lines)?.into());
        let fact = CustomerDataCollected { user_name, export_id, keeper, part, last, items };
        self.tell(request.consequence(&format!("live#{part}"), Timestamp::now(), fact)).await
    }

    async fn erase(&self, request: Event<CustomerErasureRequested>) -> Result<(), HandlerError> {
        let CustomerErasureRequested { user_name, erasure_id } = request.data.clone();
        // Connections first: who is not known any more can write nothing that would stay.
        self.connections.forget(&user_name).await?;
        self.chats.forget(&user_name).await?;
        let fact = CustomerDataErased { user_name, erasure_id, keeper: Keeper::Live };
        self.tell(request.consequence("live", Timestamp::now(), fact)).await
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
