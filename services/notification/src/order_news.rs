//! Consumer of order events: sends or stores one mail for each event, even if it is redelivered.
//!
//! Without a mailer, one conditional write stores the mail. With SES there is no transaction over
//! both systems: a mail is claimed, sent and marked. A function that fails in between leaves a
//! claim that does not show whether the mail was sent. SES takes no idempotency key and would send
//! it twice.
//!
//! Such a mail is not sent again: it is marked as in doubt, counted, and left to an operator. A
//! mail that SES refused, or never received, was not sent, and is retried. A mail that SES refused
//! because of its recipient is marked as undeliverable, counted, and not retried.

use domain::event::Event;
use domain::event::ordering::{
    OrderCancelled, OrderDelivered, OrderPaid, OrderPlaced, OrderRejected, OrderShipped,
};
use domain::{CustomerId, OrderId, Timestamp};
use lambdakit::batch::{HandlerError, RetryLater};
use lambdakit::mail::{MailError, Mailer};
use lambdakit::{queue, telemetry};
use serde::Deserialize;
use uuid::Uuid;

use crate::render::{Template, render};
use crate::store::{Claim, Contact, ContactLookup, MailRow, MailStore, Status};

/// How long a claim may still be in progress: longer than any invocation takes.
const CLAIM_SECONDS: i64 = 60;

/// The order events that customers get a mail about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub enum OrderEvent {
    /// The order was placed.
    OrderPlaced(Event<OrderPlaced>),
    /// It is paid.
    OrderPaid(Event<OrderPaid>),
    /// It was shipped.
    OrderShipped(Event<OrderShipped>),
    /// It was delivered.
    OrderDelivered(Event<OrderDelivered>),
    /// The shop rejected it.
    OrderRejected(Event<OrderRejected>),
    /// It was cancelled.
    OrderCancelled(Event<OrderCancelled>),
}

/// Why a mail cannot be written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetryReason {
    /// The checkout arrives on another path than the order's events, and sometimes later.
    #[error("nobody is known to write to about this order")]
    Contact,
    /// Another invocation is handling the same event.
    #[error("the mail is being sent")]
    Claimed,
}

/// The parts of an order event that a mail needs.
struct OrderNotice {
    event_id: Uuid,
    at: Timestamp,
    customer_id: CustomerId,
    order_id: OrderId,
    occasion: Template,
}

impl From<OrderEvent> for OrderNotice {
    fn from(fact: OrderEvent) -> Self {
        macro_rules! news {
            ($event:ident, $occasion:expr) => {
                Self {
                    event_id: $event.metadata.event_id,
                    at: $event.metadata.occurred_at,
                    occasion: $occasion,
                    customer_id: $event.data.customer_id,
                    order_id: $event.data.order_id,
                }
            };
        }
        match fact {
            OrderEvent::OrderPlaced(event) => news!(event, Template::Placed),
            OrderEvent::OrderPaid(event) => news!(event, Template::Paid),
            OrderEvent::OrderShipped(event) => news!(event, Template::Shipped),
            OrderEvent::OrderDelivered(event) => news!(event, Template::Delivered),
            OrderEvent::OrderRejected(event) => news!(event, Template::Rejected(event.data.reason)),
            OrderEvent::OrderCancelled(event) => news!(event, Template::Cancelled(event.data.reason)),
        }
    }
}

/// Sends or stores mails to customers.
#[derive(Clone, Debug)]
pub struct MailHandler {
    mails: MailStore,
    mailer: Option<Mailer>,
}

impl MailHandler {
    /// Writes to the contacts of this store. Without a mailer, the mails are stored.
    #[must_use]
    pub fn new(mails: MailStore, mailer: Option<Mailer>) -> Self {
        Self { mails, mailer }
    }

    async fn write(&self, news: &OrderNotice) -> Result<(), HandlerError> {
        let OrderNotice { customer_id, order_id, .. } = news;
        match self.mails.contact(*customer_id, *order_id).await? {
            ContactLookup::Found(contact) => match &self.mailer {
                Some(mailer) => self.send(news, &contact, mailer).await,
                None => self.keep(news, &contact).await,
            },
            ContactLookup::Erased => self.withdraw(news).await,
            ContactLookup::NotFound => Err(RetryLater::because(RetryReason::Contact).into()),
        }
    }

    async fn keep(&self, news: &OrderNotice, contact: &Contact) -> Result<(), HandlerError> {
        let mail = render(contact, news.occasion, news.at)?;
        if self.mails.keep(&news.row(Status::Kept).with(contact, mail)).await? {
            telemetry::count("MailsKept", 1);
        }
        // The customer may have been erased in between. From here on the erasure finds the row.
        if self.is_erased(news).await? { self.withdraw(news).await } else { Ok(()) }
    }

    async fn send(&self, news: &OrderNotice, contact: &Contact, mailer: &Mailer) -> Result<(), HandlerError> {
        let mail = render(contact, news.occasion, news.at)?;
        let claim = match self.mails.claim(news.row(Status::Sending)).await? {
            Claim::Ours(claim) => claim,
            Claim::Over => return Ok(()),
            Claim::Theirs { since, .. } if Timestamp::now().unix_seconds() - since < CLAIM_SECONDS => {
                return Err(RetryLater::because(RetryReason::Claimed).into());
            }
            Claim::Theirs { claim, .. } => {
                return self.doubt(news, claim, "whoever claimed the mail did not come back").await;
            }
        };
        match self.is_erased(news).await {
            Ok(false) => {}
            Ok(true) => return self.withdraw(news).await,
            Err(unknown) => {
                // Nothing was sent, so a retry may claim the mail.
                self.mark(news, claim, Status::Refused).await?;
                return Err(unknown);
            }
        }
        match mailer.send(contact.email.reveal().as_str(), &mail).await {
            Ok(()) => {
                telemetry::count("MailsSent", 1);
                self.mark(news, claim, Status::Sent).await
            }
            Err(MailError::InDoubt(reason)) => self.doubt(news, claim, &reason).await,
            Err(MailError::Undeliverable(reason)) => {
                telemetry::count("MailsUndeliverable", 1);
                telemetry::field("mailUndeliverable", &reason);
                self.mark(news, claim, Status::Undeliverable).await
            }
            Err(refused @ MailError::Refused(_)) => {
                self.mark(news, claim, Status::Refused).await?;
                Err(refused.into())
            }
        }
    }

    async fn is_erased(&self, news: &OrderNotice) -> Result<bool, HandlerError> {
        Ok(self.mails.is_erased(news.customer_id).await?)
    }

    async fn withdraw(&self, news: &OrderNotice) -> Result<(), HandlerError> {
        Ok(self.mails.withdraw(news.customer_id, news.event_id).await?)
    }

    async fn doubt(&self, news: &OrderNotice, claim: Uuid, reason: &str) -> Result<(), HandlerError> {
        telemetry::count("MailsInDoubt", 1);
        telemetry::field("mailInDoubt", &reason.to_owned());
        self.mark(news, claim, Status::InDoubt).await
    }

    async fn mark(&self, news: &OrderNotice, claim: Uuid, status: Status) -> Result<(), HandlerError> {
        Ok(self.mails.mark(news.customer_id, news.event_id, claim, status).await?)
    }
}

impl OrderNotice {
    fn row(&self, status: Status) -> MailRow {
        let Self { event_id, at, customer_id, order_id, occasion } = self;
        MailRow::new(*customer_id, *event_id, *order_id, occasion.name(), *at, status)
    }
}

impl queue::Handler for MailHandler {
    type Event = OrderEvent;

    async fn handle(&self, fact: OrderEvent) -> Result<(), HandlerError> {
        let news = OrderNotice::from(fact);
        // Customers whose data was erased get no mail.
        if news.customer_id == CustomerId::ERASED {
            return Ok(());
        }
        self.write(&news).await
    }
}
