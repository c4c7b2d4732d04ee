//! What a checked-out basket means: somebody to write to about an order.

use domain::event::{BasketCheckedOut, Event};
use domain::order::Order;
use lambdakit::batch::HandlerError;
use lambdakit::queue;

use crate::store::{Contact, MailStore};

/// Keeps whom to write to.
#[derive(Clone, Debug)]
pub struct Contacts {
    mails: MailStore,
}

impl Contacts {
    /// Keeps them in this store.
    #[must_use]
    pub fn new(mails: MailStore) -> Self {
        Self { mails }
    }
}

impl queue::Handler for Contacts {
    type Event = Event<BasketCheckedOut>;

    /// A contact that comes again changes nothing, not even after it was forgotten.
    async fn handle(&self, Event { metadata, data }: Self::Event) -> Result<(), HandlerError> {
        // What is no order to ordering is none to its mails.
        let order = Order::place(data, metadata.correlation_id)?;
        Ok(self.mails.remember(&Contact::from(order)).await?)
    }
}
