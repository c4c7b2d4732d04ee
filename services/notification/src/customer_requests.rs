//! What a customer's requests about their own data mean to mails: they are handed over with whom they went to, or forgotten.
//!
//! Contacts go before mails. Whoever writes a mail looks for its contact once more when the mail is in the table, so
//! either they find it forgotten, or the mail is found here.

use domain::checkout::{Email, PaymentMethod, PersonName};
use domain::event::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureRequested, CustomerExportRequested,
    CustomerRequest, Event, Fact, Keeper,
};
use domain::{OrderId, Redacted, Timestamp, UserName};
use lambdakit::batch::HandlerError;
use lambdakit::publish::{Entry, Publisher};
use lambdakit::{queue, telemetry};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::store::{Kind, MailStore, Row, Status, TOGETHER};

/// About how many bytes go into one event: EventBridge bills by 64 KB, and takes four times as much.
const PART_BYTES: usize = 60 * 1024;

/// Does with mails what their customers ask for.
#[derive(Clone, Debug)]
pub struct CustomerRequests {
    mails: MailStore,
    publisher: Publisher,
}

/// A row as its customer sees it.
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
    /// Nobody is shown gravestones. What was ordered is shown with the order.
    fn of(row: &'a Row) -> Option<Self> {
        match row {
            Row::Contact(contact) => Some(Self::Contact {
                order_id: contact.order_id,
                first_name: &contact.first_name,
                email: &contact.email,
                payment_method: contact.payment_method,
            }),
            Row::Mail(mail) => Some(Self::Mail {
                order_id: mail.order_id,
                occasion: &mail.occasion,
                at: mail.at,
                status: mail.status,
                to: mail.letter.as_ref().map(|letter| &letter.to),
                subject: mail.letter.as_ref().map(|letter| &*letter.subject),
                text: mail.letter.as_ref().map(|letter| &letter.text),
            }),
            Row::Gravestone => None,
        }
    }
}

impl CustomerRequests {
    /// Does it with these mails, and tells it there.
    #[must_use]
    pub fn new(mails: MailStore, publisher: Publisher) -> Self {
        Self { mails, publisher }
    }

    async fn export(&self, request: Event<CustomerExportRequested>) -> Result<(), HandlerError> {
        let (mut part, mut bytes, mut number) = (Vec::new(), 0, 0);
        for kind in [Kind::Contact, Kind::Mail] {
            let mut start = None;
            loop {
                let (rows, next) = self.mails.chunk(&request.data.user_name, kind, start).await?;
                for view in rows.iter().filter_map(View::of) {
                    let view = to_raw_value(&view)?;
                    if !part.is_empty() && bytes + view.get().len() > PART_BYTES {
                        self.hand_over(&request, number, false, &part).await?;
                        (part, bytes, number) = (Vec::new(), 0, number + 1);
                    }
                    bytes += view.get().len();
                    part.push(view);
                }
                if next.is_none() {
                    break;
                }
                start = next;
            }
        }
        self.hand_over(&request, number, true, &part).await
    }

    async fn hand_over(
        &self,
        request: &Event<CustomerExportRequested>,
        part: u32,
        last: bool,
        rows: &[Box<RawValue>],
    ) -> Result<(), HandlerError> {
        let CustomerExportRequested { user_name, export_id } = request.data.clone();
        let (keeper, items) = (Keeper::Notification, to_raw_value(rows)?.into());
        let fact = CustomerDataCollected { user_name, export_id, keeper, part, last, items };
        self.tell(request.consequence(&format!("notification#{part}"), Timestamp::now(), fact)).await
    }

    async fn erase(&self, request: Event<CustomerErasureRequested>) -> Result<(), HandlerError> {
        let CustomerErasureRequested { user_name, erasure_id } = request.data.clone();
        for kind in [Kind::Contact, Kind::Mail] {
            self.forget(&user_name, kind).await?;
        }
        let fact = CustomerDataErased { user_name, erasure_id, keeper: Keeper::Notification };
        self.tell(request.consequence("notification", Timestamp::now(), fact)).await
    }

    async fn forget(&self, user_name: &UserName, kind: Kind) -> Result<(), HandlerError> {
        let mut start = None;
        loop {
            let (rows, next) = self.mails.chunk(user_name, kind, start).await?;
            for rows in rows.chunks(TOGETHER) {
                self.mails.forget(user_name, rows).await?;
                telemetry::count("MailRowsForgotten", rows.len());
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
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
