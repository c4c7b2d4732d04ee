//! Consumer of checkouts: stores whom to mail about an order.

use contracts::Event;
use contracts::basket::BasketCheckedOut;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use shopkit::tombstone::CustomerErased;

use crate::store::{Contact, MailStore};

/// Stores the contacts of orders.
#[derive(Clone, Debug)]
pub struct ContactHandler {
    mails: MailStore,
}

impl ContactHandler {
    /// Stores contacts in this store.
    #[must_use]
    pub fn new(mails: MailStore) -> Self {
        Self { mails }
    }
}

impl consumer::Handler for ContactHandler {
    type Event = Event<BasketCheckedOut>;

    /// Idempotent: a redelivered contact changes nothing. An erased customer's contact is not
    /// stored.
    async fn handle(&self, Event { metadata, data }: Self::Event) -> Result<(), HandlerError> {
        // A checkout that is not a valid order for ordering gets no contact.
        let order = data.into_order(metadata.correlation_id)?;
        if let Err(CustomerErased) = self.mails.remember(&Contact::from(order)).await? {
            telemetry::field("customerErased", &true);
        }
        Ok(())
    }
}
