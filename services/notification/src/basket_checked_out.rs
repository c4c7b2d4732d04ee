//! What a checked-out basket means: somebody to write to about an order.

use domain::event::{BasketCheckedOut, Event};
use domain::order::Order;
use lambdakit::batch::HandlerError;
use lambdakit::{queue, telemetry};
use shopkit::tombstone::CustomerErased;

use crate::store::{Contact, MailStore};

/// Keeps whom to write to.
#[derive(Clone, Debug)]
pub struct ContactHandler {
    mails: MailStore,
}

impl ContactHandler {
    /// Keeps them in this store.
    #[must_use]
    pub fn new(mails: MailStore) -> Self {
        Self { mails }
    }
}

impl queue::Handler for ContactHandler {
    type Event = Event<BasketCheckedOut>;

    /// A contact that comes again changes nothing. That of an erased customer is not kept.
    async fn handle(&self, Event { metadata, data }: Self::Event) -> Result<(), HandlerError> {
        // What is no order to ordering is none to its mails.
        let order = Order::place(data, metadata.correlation_id)?;
        if let Err(CustomerErased) = self.mails.remember(&Contact::from(order)).await? {
            telemetry::field("customerErased", &true);
        }
        Ok(())
    }
}
