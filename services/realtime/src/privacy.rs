//! The chat as its customer's data: exported, or erased with the customer's connections and order
//! progress.
//!
//! Ordering exports the status of orders, and connections end within an hour, so only the chat is
//! exported.

use domain::CustomerId;
use lambdakit::messaging::batch::HandlerError;
use shopkit::privacy::{DataHolder, Export};

use crate::frame::Line;
use crate::store::{ChatStore, ConnectionStore};

/// Chats and connections, as a holder of customers' data.
#[derive(Clone, Debug)]
pub struct ChatData {
    connections: ConnectionStore,
    chats: ChatStore,
}

impl ChatData {
    /// The data in these stores.
    #[must_use]
    pub fn new(connections: ConnectionStore, chats: ChatStore) -> Self {
        Self { connections, chats }
    }
}

impl DataHolder for ChatData {
    const SERVICE: &'static str = "realtime";
    const SOURCE: &'static str = "shop.realtime";

    async fn collect(&self, customer_id: CustomerId, export: &mut Export<'_>) -> Result<(), HandlerError> {
        let mut after = None;
        loop {
            let page = self.chats.first(customer_id, after).await?;
            for message in &page.messages {
                export.add(&Line::from(message)).await?;
            }
            if page.next.is_none() {
                return Ok(());
            }
            after = page.next;
        }
    }

    async fn erase(&self, customer_id: CustomerId) -> Result<(), HandlerError> {
        // Connections first: frames that arrive later are refused.
        self.connections.erase(customer_id).await?;
        Ok(self.chats.erase(customer_id).await?)
    }
}
