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
//!
//! The checkout, which has the address, arrives on another path than the order's events, and
//! sometimes hours later. Until then a notice of the event waits in the table, and the function that
//! stores the contact writes the mail.

use contracts::ordering::OrderEvent;
use domain::{CustomerId, OrderId, Timestamp};
use futures::future::try_join_all;
use lambdakit::mail::{MailError, Mailer};
use lambdakit::messaging::batch::{HandlerError, RetryLater};
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use serde::{Deserialize, Serialize};
use shopkit::tombstone::Guarded;
use uuid::Uuid;

use crate::render::{Template, render};
use crate::store::{Claim, Contact, ContactLookup, MailRow, MailStore, Status};

/// How long a claim may still be in progress: longer than any invocation takes.
const CLAIM_SECONDS: i64 = 60;

/// Why a mail cannot be written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetryReason {
    /// The checkout arrived while the event was about to wait for it.
    #[error("the order's contact was just stored")]
    Contact,
    /// Another invocation is handling the same event.
    #[error("the mail is being sent")]
    Claimed,
}

/// The parts of an order event that a mail needs. They are not personal.
#[derive(Serialize, Deserialize)]
struct OrderNotice {
    event_id: Uuid,
    at: Timestamp,
    customer_id: CustomerId,
    order_id: OrderId,
    template: Template,
}

impl OrderNotice {
    /// The notice for an event; none if customers get no mail about it.
    fn of(event: &OrderEvent) -> Option<Self> {
        let template = match event {
            OrderEvent::OrderPlaced(_) => Template::Placed,
            OrderEvent::OrderStockReserved(_) => return None,
            OrderEvent::OrderPaid(_) => Template::Paid,
            OrderEvent::OrderShipped(_) => Template::Shipped,
            OrderEvent::OrderDelivered(_) => Template::Delivered,
            OrderEvent::OrderRejected(event) => Template::Rejected(event.data.reason),
            OrderEvent::OrderCancelled(event) => Template::Cancelled(event.data.reason),
        };
        Some(Self {
            event_id: event.metadata().event_id,
            at: event.metadata().occurred_at,
            customer_id: event.customer_id(),
            order_id: event.order_id(),
            template,
        })
    }
}

/// Sends or stores mails to customers.
#[derive(Clone, Debug)]
pub struct MailHandler {
    pub(crate) mails: MailStore,
    mailer: Option<Mailer>,
}

impl MailHandler {
    /// Writes to the contacts of this store. Without a mailer, the mails are stored.
    #[must_use]
    pub fn new(mails: MailStore, mailer: Option<Mailer>) -> Self {
        Self { mails, mailer }
    }

    async fn write(&self, notice: &OrderNotice) -> Result<(), HandlerError> {
        let OrderNotice { customer_id, order_id, .. } = notice;
        match self.mails.contact(*customer_id, *order_id).await? {
            ContactLookup::Found(contact) => match &self.mailer {
                Some(mailer) => self.send(notice, &contact, mailer).await,
                None => self.keep(notice, &contact).await,
            },
            ContactLookup::Erased => self.withdraw(notice).await,
            ContactLookup::NotFound => self.wait(notice).await,
        }
    }

    async fn wait(&self, notice: &OrderNotice) -> Result<(), HandlerError> {
        let text = serde_json::to_string(notice)?;
        match self.mails.wait(notice.customer_id, notice.order_id, text).await? {
            Guarded::Written => {
                telemetry::count("mailsWaiting", 1);
                Ok(())
            }
            Guarded::Erased => self.withdraw(notice).await,
            Guarded::Refused(_) => Err(RetryLater::because(RetryReason::Contact).into()),
        }
    }

    /// Writes the mails of notices that have waited for their order's contact.
    pub(crate) async fn write_waiting(&self, notices: &[String]) -> Result<(), HandlerError> {
        let notices = read(notices)?;
        try_join_all(notices.iter().map(|notice| self.write(notice))).await.map(drop)
    }

    /// Removes the mails, if any, of such notices: the customer was erased while they were written.
    pub(crate) async fn withdraw_waiting(&self, notices: &[String]) -> Result<(), HandlerError> {
        let notices = read(notices)?;
        try_join_all(notices.iter().map(|notice| self.withdraw(notice))).await.map(drop)
    }

    async fn keep(&self, notice: &OrderNotice, contact: &Contact) -> Result<(), HandlerError> {
        let mail = render(contact, notice.template, notice.at)?;
        if self.mails.keep(&notice.row(Status::Kept).with(contact, mail)).await? {
            telemetry::count("mailsKept", 1);
        }
        // The customer may have been erased in between. From here on the erasure finds the row.
        if self.is_erased(notice).await? { self.withdraw(notice).await } else { Ok(()) }
    }

    async fn send(
        &self,
        notice: &OrderNotice,
        contact: &Contact,
        mailer: &Mailer,
    ) -> Result<(), HandlerError> {
        let mail = render(contact, notice.template, notice.at)?;
        let claim = match self.mails.claim(notice.row(Status::Sending)).await? {
            Claim::Ours(claim) => claim,
            Claim::Over => return Ok(()),
            Claim::Theirs { since, .. } if Timestamp::now().unix_seconds() - since < CLAIM_SECONDS => {
                return Err(RetryLater::because(RetryReason::Claimed).into());
            }
            Claim::Theirs { claim, .. } => {
                return self
                    .doubt(notice, claim, "the invocation that claimed the mail did not finish")
                    .await;
            }
        };
        match self.is_erased(notice).await {
            Ok(false) => {}
            Ok(true) => return self.withdraw(notice).await,
            Err(unknown) => {
                // Nothing was sent, so a retry may claim the mail.
                self.mark(notice, claim, Status::Refused).await?;
                return Err(unknown);
            }
        }
        match mailer.send(contact.email.reveal().as_str(), &mail).await {
            Ok(()) => {
                telemetry::count("mailsSent", 1);
                self.mark(notice, claim, Status::Sent).await
            }
            Err(MailError::InDoubt(reason)) => self.doubt(notice, claim, &reason).await,
            Err(MailError::Undeliverable(reason)) => {
                telemetry::count("mailsUndeliverable", 1);
                telemetry::field("mailUndeliverable", &reason);
                self.mark(notice, claim, Status::Undeliverable).await
            }
            Err(refused @ MailError::Refused(_)) => {
                self.mark(notice, claim, Status::Refused).await?;
                Err(refused.into())
            }
        }
    }

    async fn is_erased(&self, notice: &OrderNotice) -> Result<bool, HandlerError> {
        Ok(self.mails.is_erased(notice.customer_id).await?)
    }

    async fn withdraw(&self, notice: &OrderNotice) -> Result<(), HandlerError> {
        Ok(self.mails.withdraw(notice.customer_id, notice.event_id).await?)
    }

    async fn doubt(&self, notice: &OrderNotice, claim: Uuid, reason: &str) -> Result<(), HandlerError> {
        telemetry::metric_count("MailsInDoubt", 1);
        telemetry::field("mailInDoubt", &reason.to_owned());
        self.mark(notice, claim, Status::InDoubt).await
    }

    async fn mark(&self, notice: &OrderNotice, claim: Uuid, status: Status) -> Result<(), HandlerError> {
        Ok(self.mails.mark(notice.customer_id, notice.event_id, claim, status).await?)
    }
}

fn read(notices: &[String]) -> Result<Vec<OrderNotice>, serde_json::Error> {
    notices.iter().map(|notice| serde_json::from_str(notice)).collect()
}

impl OrderNotice {
    fn row(&self, status: Status) -> MailRow {
        let Self { event_id, at, customer_id, order_id, template } = self;
        MailRow::new(*customer_id, *event_id, *order_id, template.name(), *at, status)
    }
}

impl consumer::Handler for MailHandler {
    type Event = OrderEvent;

    async fn handle(&self, event: OrderEvent) -> Result<(), HandlerError> {
        let Some(notice) = OrderNotice::of(&event) else { return Ok(()) };
        // Customers whose data was erased get no mail.
        if notice.customer_id == CustomerId::ERASED {
            return Ok(());
        }
        self.write(&notice).await
    }
}
