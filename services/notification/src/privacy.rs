//! Mails as their customer's data: exported with the addresses they were sent to, or erased.
//!
//! The tombstone is put first. The function that writes a mail checks for it once the mail is in
//! the table. So either that function finds the tombstone, or the erasure finds the mail.

use domain::checkout::{Email, PaymentMethod, PersonName};
use domain::{CustomerId, OrderId, Redacted, Timestamp};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::telemetry;
use serde::Serialize;
use shopkit::privacy::{DataHolder, Export};

use crate::store::{BATCH_SIZE, MailStore, Row, Status};

/// The mails, as a holder of customers' data.
#[derive(Clone, Debug)]
pub struct MailData {
    mails: MailStore,
}

/// A row in its customer's export.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum View<'a> {
    Contact {
        order_id: OrderId,
        first_name: &'a PersonName,
        email: &'a Email,
        payment_method: PaymentMethod,
    },
    Mail {
        order_id: OrderId,
        occasion: &'a str,
        at: Timestamp,
        status: Status,
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<&'a Email>,
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a Redacted<String>>,
    },
}

impl<'a> View<'a> {
    /// The order lines are left out: they are exported with the order.
    /// Notices that wait are left out, too: they are parts of its history.
    fn of(row: &'a Row) -> Option<Self> {
        Some(match row {
            Row::Waiting(_) => return None,
            Row::Contact(contact) => Self::Contact {
                order_id: contact.order_id,
                first_name: &contact.first_name,
                email: &contact.email,
                payment_method: contact.payment_method,
            },
            Row::Mail(mail) => Self::Mail {
                order_id: mail.order_id,
                occasion: &mail.occasion,
                at: mail.at,
                status: mail.status,
                to: mail.letter.as_ref().map(|letter| &letter.to),
                subject: mail.letter.as_ref().map(|letter| &*letter.subject),
                text: mail.letter.as_ref().map(|letter| &letter.text),
            },
        })
    }
}

impl MailData {
    /// The data in this store.
    #[must_use]
    pub fn new(mails: MailStore) -> Self {
        Self { mails }
    }
}

impl DataHolder for MailData {
    const SERVICE: &'static str = "notification";
    const SOURCE: &'static str = "shop.notification";

    async fn collect(&self, customer_id: CustomerId, export: &mut Export<'_>) -> Result<(), HandlerError> {
        let mut start = None;
        loop {
            let (rows, next) = self.mails.chunk(customer_id, start).await?;
            for view in rows.iter().filter_map(View::of) {
                export.add(&view).await?;
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    async fn erase(&self, customer_id: CustomerId) -> Result<(), HandlerError> {
        self.mails.mark_erased(customer_id).await?;
        let mut start = None;
        loop {
            let (rows, next) = self.mails.chunk(customer_id, start).await?;
            for rows in rows.chunks(BATCH_SIZE) {
                self.mails.delete(customer_id, rows).await?;
                telemetry::count("mailRowsErased", rows.len());
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }
}
