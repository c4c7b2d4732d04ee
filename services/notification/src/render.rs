//! The content of mails, as plain text and HTML.
//!
//! Names of people and products are user input. `maud` escapes all values in its HTML. Subjects,
//! which are headers, contain fixed words and ids only. A text in Arabic or Hebrew reorders digits
//! beside it, so such names are isolated from the amounts (UAX #9 section 2.4, in HTML by `bdi`).
//! Long names are shortened.

use std::borrow::Cow;
use std::fmt::Write;

use domain::basket::Color;
use domain::checkout::PaymentMethod;
use domain::order::{OrderLine, Reason};
use domain::{Amount, MoneyError, Timestamp};
use lambdakit::mail::Mail;
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};

use crate::store::Contact;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Template {
    /// The order was placed.
    Placed,
    /// Nothing more is due before its parcel leaves.
    Paid,
    /// Its parcel has left.
    Shipped,
    /// Its parcel has arrived.
    Delivered,
    /// The shop rejected it.
    Rejected(Reason),
    /// It was cancelled.
    Cancelled(Reason),
}

impl Template {
    /// The template's name without its reason, such as `SHIPPED`.
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

    fn headline(self, paying: Paying) -> &'static str {
        match self {
            Self::Placed => "We have your order",
            Self::Paid if paying == Paying::Now => "Your order is paid",
            Self::Paid => "Your order is confirmed",
            Self::Shipped => "Your order is on its way",
            Self::Delivered => "Your order has arrived",
            Self::Rejected(_) => "We could not take your order",
            Self::Cancelled(_) => "Your order is cancelled",
        }
    }

    /// The mail's message in two sentences.
    fn message(self, paying: Paying) -> [&'static str; 2] {
        match self {
            Self::Placed => ["Thank you for your order.", "We are getting it ready."],
            Self::Paid => match paying {
                Paying::Now => ["We have received your payment.", "Your parcel is being packed."],
                Paying::Later => {
                    ["Your parcel is being packed.", "You will have an invoice once it is there."]
                }
                Paying::Nothing => ["There is nothing to pay.", "Your parcel is being packed."],
            },
            Self::Shipped => ["Your parcel has left our house.", "It cannot be cancelled any more."],
            Self::Delivered => ["Your parcel has arrived.", "We hope that you like what is in it."],
            // A provider that did not answer may still charge the customer. Such a charge is
            // refunded.
            Self::Rejected(reason @ (Reason::PaymentTimedOut | Reason::FulfilmentFailed))
            | Self::Cancelled(reason) => [why(reason), "Whatever you have paid goes back to you."],
            Self::Rejected(reason) => [why(reason), "You have not been charged."],
        }
    }
}

/// When the customer pays for an order that counts as paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paying {
    Now,
    Later,
    Nothing,
}

impl From<&Contact> for Paying {
    fn from(contact: &Contact) -> Self {
        match contact.payment_method {
            _ if contact.total_price.minor() == 0 => Self::Nothing,
            PaymentMethod::Invoice => Self::Later,
            PaymentMethod::Card | PaymentMethod::Paypal => Self::Now,
        }
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::OutOfStock => "We do not have enough units of something that you ordered.",
        Reason::PaymentDeclined => "Your payment was declined.",
        Reason::PaymentTimedOut => "Your payment was not confirmed in time.",
        Reason::ShippingImpossible => "We cannot send a parcel to your address.",
        Reason::CustomerRequest => "You asked us to cancel your order.",
        Reason::FulfilmentFailed => "Something went wrong on our side. We are sorry.",
    }
}

/// The most characters of a product's name that a mail shows. The mail of the largest order, as
/// text and as HTML, must fit into one table item.
const MAX_NAME: usize = 200;

/// The characters around isolated text (UAX #9): first strong isolate, pop directional isolate.
const ISOLATE: char = '\u{2068}';
const END_OF_ISOLATE: char = '\u{2069}';

/// User input for plain text. ASCII, which has no right-to-left letters, stays as it is.
fn isolated(typed: &str) -> Cow<'_, str> {
    if typed.is_ascii() {
        Cow::Borrowed(typed)
    } else {
        Cow::Owned(format!("{ISOLATE}{typed}{END_OF_ISOLATE}"))
    }
}

/// User input for HTML.
fn isolated_html(typed: &str) -> Markup {
    html! { @if typed.is_ascii() { (typed) } @else { bdi { (typed) } } }
}

/// An order line in a mail.
struct Shown<'a> {
    quantity: u8,
    name: Cow<'a, str>,
    color: Option<&'a str>,
    total: Amount,
}

impl<'a> TryFrom<&'a OrderLine> for Shown<'a> {
    type Error = MoneyError;

    fn try_from(line: &'a OrderLine) -> Result<Self, MoneyError> {
        Ok(Self {
            quantity: line.quantity.get(),
            name: shortened(line.product_name.as_str()),
            color: line.color.as_ref().map(Color::as_str),
            total: line.total()?.amount(),
        })
    }
}

fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => Cow::Owned(format!("{}…", name[..end].trim_end())),
        None => Cow::Borrowed(name),
    }
}

/// The content of a mail, before it is written as text or HTML.
struct Said<'a> {
    headline: &'static str,
    first_name: &'a str,
    message: String,
    lines: Vec<Shown<'a>>,
    total: String,
    state: String,
}

/// The mail about an order event at that time. It may be sent when the order has a later status.
///
/// # Errors
/// When a line's total is too large.
pub fn render(contact: &Contact, template: Template, at: Timestamp) -> Result<Mail, MoneyError> {
    let paying = Paying::from(contact);
    let said = Said {
        headline: template.headline(paying),
        first_name: contact.first_name.reveal().as_str(),
        message: template.message(paying).join(" "),
        lines: contact.lines.iter().map(Shown::try_from).collect::<Result<_, _>>()?,
        total: contact.total_price.to_string(),
        state: format!("Ferrocart order {}, {}", contact.order_id, at.to_minute()),
    };
    let subject = format!("{}: {}", said.headline, contact.order_id);
    Ok(Mail { subject, text: text(&said), html: html(&said) })
}

fn text(Said { first_name, message, lines, total, state, .. }: &Said) -> String {
    let mut text = format!("Hello {},\n\n{message}\n\n", isolated(first_name));
    for Shown { quantity, name, color, total } in lines {
        let color = color.map(|color| format!(" ({})", isolated(color))).unwrap_or_default();
        // Writing to a string does not fail.
        writeln!(text, "  {quantity} x {}{color}: {total}", isolated(name)).ok();
    }
    write!(text, "\n  Together: {total}\n\n{state}\n").ok();
    text
}

/// Short, so that storing the mail of a small order takes one write unit.
fn html(Said { headline, first_name, message, lines, total, state }: &Said) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            // Title and encoding are in the mail's headers. The tags of head and body are optional.
            h1 { (headline) }
            p { "Hello " (isolated_html(first_name)) "," }
            p { (message) }
            table {
                @for Shown { quantity, name, color, total } in lines {
                    tr {
                        td { (quantity) " ×" }
                        td {
                            (isolated_html(name))
                            @if let Some(color) = color { " (" (isolated_html(color)) ")" }
                        }
                        td align="right" { (total.to_string()) }
                    }
                }
                tr { td {} td { "Together" } th align="right" { (total) } }
            }
            small { (state) }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::needless_raw_string_hashes, reason = "`expect!` writes them")]

    use std::fmt::Write;

    use domain::Money;
    use expect_test::{Expect, expect, expect_file};
    use serde_json::json;

    use super::*;

    const OCCASIONS: [Template; 8] = [
        Template::Placed,
        Template::Paid,
        Template::Shipped,
        Template::Delivered,
        Template::Rejected(Reason::OutOfStock),
        Template::Rejected(Reason::FulfilmentFailed),
        Template::Cancelled(Reason::CustomerRequest),
        Template::Cancelled(Reason::FulfilmentFailed),
    ];

    fn contact(first_name: &str, product: &str) -> Contact {
        let line = |quantity, price| {
            json!({
                "productId": "019c1430-4400-7000-8000-000000000001",
                "productName": product,
                "quantity": quantity,
                "price": { "minor": price, "currency": "USD" },
            })
        };
        let mut lines = [line(2, 95_040), line(1, 87_000)];
        lines[0]["color"] = json!("Red");
        serde_json::from_value(json!({
            "customerId": "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a",
            "orderId": "019c1431-2e60-7000-8000-000000000001",
            "firstName": first_name,
            "email": "name@example.com",
            "lines": lines,
            "totalPrice": { "minor": 277_080, "currency": "USD" },
            "paymentMethod": "CARD",
        }))
        .unwrap()
    }

    fn at() -> Timestamp {
        serde_json::from_value(json!("2026-01-31T12:02:00Z")).unwrap()
    }

    fn check(template: Template, text: &Expect) {
        let mail = render(&contact("Grace", "IPhone X"), template, at()).unwrap();
        text.assert_eq(&format!("{}\n\n{}", mail.subject, mail.text));
    }

    #[test]
    fn a_new_order_is_confirmed() {
        check(
            Template::Placed,
            &expect![[r#"
                We have your order: 019c1431-2e60-7000-8000-000000000001

                Hello Grace,

                Thank you for your order. We are getting it ready.

                  2 x IPhone X (Red): 1900.80
                  1 x IPhone X: 870.00

                  Together: 2770.80 USD

                Ferrocart order 019c1431-2e60-7000-8000-000000000001, 2026-01-31 12:02 UTC
            "#]],
        );
    }

    #[test]
    fn a_paid_order_is_confirmed() {
        check(
            Template::Paid,
            &expect![[r#"
                Your order is paid: 019c1431-2e60-7000-8000-000000000001

                Hello Grace,

                We have received your payment. Your parcel is being packed.

                  2 x IPhone X (Red): 1900.80
                  1 x IPhone X: 870.00

                  Together: 2770.80 USD

                Ferrocart order 019c1431-2e60-7000-8000-000000000001, 2026-01-31 12:02 UTC
            "#]],
        );
    }

    #[test]
    fn unpaid_orders_get_no_payment_mail() {
        let said = |change: &dyn Fn(&mut Contact)| {
            let mut contact = contact("Grace", "IPhone X");
            change(&mut contact);
            render(&contact, Template::Paid, at()).unwrap()
        };
        let invoice = said(&|contact| contact.payment_method = PaymentMethod::Invoice);
        let gift = said(&|contact| contact.total_price = Money::zero(contact.total_price.currency()));
        for (mail, words) in
            [(&invoice, "You will have an invoice once it is there."), (&gift, "There is nothing to pay.")]
        {
            assert!(mail.subject.starts_with("Your order is confirmed:"), "{}", mail.subject);
            for text in [&mail.text, &mail.html] {
                assert!(text.contains(words) && !text.contains("your payment"), "{text}");
            }
        }
    }

    #[test]
    fn dispatch_mails_say_that_the_parcel_has_left() {
        check(
            Template::Shipped,
            &expect![[r#"
                Your order is on its way: 019c1431-2e60-7000-8000-000000000001

                Hello Grace,

                Your parcel has left our house. It cannot be cancelled any more.

                  2 x IPhone X (Red): 1900.80
                  1 x IPhone X: 870.00

                  Together: 2770.80 USD

                Ferrocart order 019c1431-2e60-7000-8000-000000000001, 2026-01-31 12:02 UTC
            "#]],
        );
    }

    #[test]
    fn delivery_mails_say_that_the_parcel_has_arrived() {
        check(
            Template::Delivered,
            &expect![[r#"
                Your order has arrived: 019c1431-2e60-7000-8000-000000000001

                Hello Grace,

                Your parcel has arrived. We hope that you like what is in it.

                  2 x IPhone X (Red): 1900.80
                  1 x IPhone X: 870.00

                  Together: 2770.80 USD

                Ferrocart order 019c1431-2e60-7000-8000-000000000001, 2026-01-31 12:02 UTC
            "#]],
        );
    }

    #[test]
    fn an_order_that_cannot_be_taken_is_told_with_its_reason() {
        check(
            Template::Rejected(Reason::OutOfStock),
            &expect![[r#"
                We could not take your order: 019c1431-2e60-7000-8000-000000000001

                Hello Grace,

                We do not have enough units of something that you ordered. You have not been charged.

                  2 x IPhone X (Red): 1900.80
                  1 x IPhone X: 870.00

                  Together: 2770.80 USD

                Ferrocart order 019c1431-2e60-7000-8000-000000000001, 2026-01-31 12:02 UTC
            "#]],
        );
    }

    #[test]
    fn a_cancelled_order_is_told_with_its_reason() {
        check(
            Template::Cancelled(Reason::CustomerRequest),
            &expect![[r#"
                Your order is cancelled: 019c1431-2e60-7000-8000-000000000001

                Hello Grace,

                You asked us to cancel your order. Whatever you have paid goes back to you.

                  2 x IPhone X (Red): 1900.80
                  1 x IPhone X: 870.00

                  Together: 2770.80 USD

                Ferrocart order 019c1431-2e60-7000-8000-000000000001, 2026-01-31 12:02 UTC
            "#]],
        );
    }

    #[test]
    fn the_html_says_the_same() {
        let mut all = String::new();
        for template in OCCASIONS {
            let html = render(&contact("Grace", "IPhone X"), template, at()).unwrap().html;
            // One tag per line, for readers.
            writeln!(all, "{}\n", html.replace("><", ">\n<")).unwrap();
        }
        expect_file!["mails.html.txt"].assert_eq(&all);
    }

    #[test]
    fn user_input_is_escaped_in_html() {
        let mail =
            render(&contact("<script>alert(1)</script>", "A & \"B\" <b>"), Template::Paid, at()).unwrap();
        assert!(mail.text.contains("Hello <script>alert(1)</script>,"), "plain text is plain");
        assert!(mail.html.contains("Hello &lt;script&gt;alert(1)&lt;/script&gt;,"), "{}", mail.html);
        assert!(mail.html.contains("A &amp; &quot;B&quot; &lt;b&gt;"), "{}", mail.html);
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>"), "{}", mail.html);
        for typed in ["script", "A &"] {
            assert!(!mail.subject.contains(typed), "{}", mail.subject);
        }
    }

    #[test]
    fn names_from_right_to_left_leave_amounts_in_place() {
        let mut contact = contact("שלום", "מנורה 24");
        contact.lines[0].color = Some("أحمر".parse().unwrap());
        let mail = render(&contact, Template::Paid, at()).unwrap();
        assert!(mail.text.contains("Hello \u{2068}שלום\u{2069},"), "{}", mail.text);
        let line = "2 x \u{2068}מנורה 24\u{2069} (\u{2068}أحمر\u{2069}): 1900.80";
        assert!(mail.text.contains(line), "{}", mail.text);
        assert!(mail.html.contains("<p>Hello <bdi>שלום</bdi>,</p>"), "{}", mail.html);
        assert!(mail.html.contains("<td><bdi>מנורה 24</bdi> (<bdi>أحمر</bdi>)</td>"), "{}", mail.html);
        for text in [&mail.text, &mail.html] {
            assert_eq!(text.matches('\u{2068}').count(), text.matches('\u{2069}').count());
        }
    }

    #[test]
    fn the_largest_order_is_a_mail_that_can_be_kept() {
        let mut contact = contact(&"\u{1f600}".repeat(100), &"\u{1f600}".repeat(500));
        let mut line = contact.lines[0].clone();
        line.color = Some("\u{1f600}".repeat(50).parse().unwrap());
        contact.lines = vec![line; 100];
        let mail = render(&contact, Template::Placed, at()).unwrap();
        assert!(mail.text.contains(&format!("{}…", "\u{1f600}".repeat(200))));
        // DynamoDB's limit of an item, less the other attributes.
        assert!(mail.text.len() + mail.html.len() < 390_000, "{}", mail.text.len() + mail.html.len());
    }

    #[test]
    fn a_mail_shows_in_no_debug_output() {
        let mail = render(&contact("Grace", "IPhone X"), Template::Placed, at()).unwrap();
        let shown = format!("{mail:?} {:?}", contact("Grace", "IPhone X"));
        for personal in ["Grace", "name@example.com"] {
            assert!(!shown.contains(personal), "{shown}");
        }
    }
}
