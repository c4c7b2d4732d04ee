//! What mails say.
//!
//! Names of people and products are what somebody typed: `maud` escapes whatever is put into its HTML, and subjects, which
//! are headers, are made of words and ids only.

use std::fmt::Write;

use domain::order::{OrderLine, Reason};
use domain::{Amount, MoneyError};
use lambdakit::mail::Mail;
use maud::{DOCTYPE, html};

use crate::store::Contact;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The order has come in.
    Placed,
    /// It is paid.
    Paid,
    /// Its parcel has left.
    Shipped,
    /// Its parcel has arrived.
    Delivered,
    /// The shop could not take it.
    Rejected(Reason),
    /// It was called off.
    Cancelled(Reason),
}

impl Occasion {
    /// The occasion without its reason, such as `SHIPPED`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::Paid => "PAID",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Rejected(_) => "REJECTED",
            Self::Cancelled(_) => "CANCELLED",
        }
    }

    fn headline(self) -> &'static str {
        match self {
            Self::Placed => "We have your order",
            Self::Paid => "Your order is paid",
            Self::Shipped => "Your order is on its way",
            Self::Delivered => "Your order has arrived",
            Self::Rejected(_) => "We could not take your order",
            Self::Cancelled(_) => "Your order is cancelled",
        }
    }

    /// What there is to say, in a sentence or two.
    fn news(self) -> [&'static str; 2] {
        match self {
            Self::Placed => ["Thank you for your order.", "We are getting it ready."],
            Self::Paid => ["We have received your payment.", "Your parcel is being packed."],
            Self::Shipped => ["Your parcel has left our house.", "It cannot be called off any more."],
            Self::Delivered => ["Your parcel has arrived.", "We hope that you like what is in it."],
            Self::Rejected(reason) => [why(reason), "You have not been charged."],
            Self::Cancelled(reason) => [why(reason), "What you have paid goes back to you."],
        }
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::OutOfStock => "We do not have enough pieces of something that you ordered.",
        Reason::PaymentDeclined => "Your payment was declined.",
        Reason::PaymentTimedOut => "Your payment was not confirmed in time.",
        Reason::ShippingImpossible => "We cannot send a parcel to your address.",
        Reason::CustomerRequest => "You asked us to cancel your order.",
        Reason::FulfilmentFailed => "Something went wrong on our side. We are sorry.",
    }
}

/// A line, as a mail shows it.
struct Shown {
    quantity: u8,
    name: String,
    total: Amount,
}

impl TryFrom<&OrderLine> for Shown {
    type Error = MoneyError;

    fn try_from(line: &OrderLine) -> Result<Self, MoneyError> {
        let color = line.color.as_ref().map(|color| format!(" ({})", color.as_str()));
        let name = format!("{}{}", line.product_name.as_str(), color.unwrap_or_default());
        Ok(Self { quantity: line.quantity.get(), name, total: line.total()?.amount() })
    }
}

/// The mail about an order.
///
/// # Errors
/// When a line costs more than can be counted.
pub fn render(contact: &Contact, occasion: Occasion) -> Result<Mail, MoneyError> {
    let lines = contact.lines.iter().map(Shown::try_from).collect::<Result<Vec<_>, _>>()?;
    let subject = format!("{}: {}", occasion.headline(), contact.order_id);
    Ok(Mail {
        text: text(contact, occasion, &lines),
        html: html(contact, occasion, &lines, &subject),
        subject,
    })
}

fn text(contact: &Contact, occasion: Occasion, lines: &[Shown]) -> String {
    let [first, second] = occasion.news();
    let mut text = format!("Hello {},\n\n{first} {second}\n\n", contact.first_name.reveal().as_str());
    for Shown { quantity, name, total } in lines {
        // Writing to a string does not fail.
        writeln!(text, "  {quantity} x {name}: {total}").ok();
    }
    let Contact { total_price, order_id, .. } = contact;
    write!(text, "\n  Together: {total_price}\n\nYour order {order_id}\n-- \nFerrocart\n").ok();
    text
}

fn html(contact: &Contact, occasion: Occasion, lines: &[Shown], subject: &str) -> String {
    let [first, second] = occasion.news();
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (subject) } }
            body {
                h1 { (occasion.headline()) }
                p { "Hello " (contact.first_name.reveal().as_str()) "," }
                p { (first) " " (second) }
                table {
                    @for Shown { quantity, name, total } in lines {
                        tr { td { (quantity) " ×" } td { (name) } td align="right" { (total.to_string()) } }
                    }
                    tr { td {} th align="left" { "Together" } th align="right" { (contact.total_price.to_string()) } }
                }
                p { small { "Your order " (contact.order_id.to_string()) " at Ferrocart" } }
            }
        }
    }
    .into_string()
}
