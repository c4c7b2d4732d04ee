//! Consumer of checkouts: stores whom to mail about an order, and writes the mails that have waited
//! for it.

use contracts::Event;
use contracts::basket::BasketCheckedOut;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;

use crate::order_event::MailHandler;
use crate::store::{Contact, Remembered};

/// Stores the contacts of orders.
#[derive(Clone, Debug)]
pub struct ContactHandler {
    writer: MailHandler,
}

impl ContactHandler {
    /// Stores contacts in the store of this writer, which writes the mails.
    #[must_use]
    pub fn new(writer: MailHandler) -> Self {
        Self { writer }
    }
}

impl consumer::Handler for ContactHandler {
    type Event = Event<BasketCheckedOut>;

    /// Idempotent: a redelivered contact changes nothing, and a mail is written once. An erased
    /// customer's contact is not stored.
    async fn handle(&self, Event { metadata, data }: Self::Event) -> Result<(), HandlerError> {
        // A checkout that is not a valid order for ordering gets no contact.
        let order = data.into_order(metadata.correlation_id)?;
        let contact = Contact::from(order);
        match self.writer.mails.remember(&contact).await? {
            Remembered::Stored(waiting) if waiting.is_empty() => Ok(()),
            Remembered::Stored(waiting) => {
                self.writer.write_waiting(&waiting).await?;
                Ok(self.writer.mails.settle(&contact).await?)
            }
            Remembered::Erased(waiting) => {
                telemetry::field("customerErased", &true);
                self.writer.withdraw_waiting(&waiting).await
            }
        }
    }
}
