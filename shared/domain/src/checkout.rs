//! The data of a checkout, for basket, ordering and the services that fulfil orders.

use email_address::Options;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::{Redacted, Text};

/// A first or last name: 1 to 100 characters.
pub type PersonName = Redacted<Text<1, 100>>;
/// A postal address: 1 to 500 characters.
pub type Address = Redacted<Text<1, 500, true>>;
/// A payment provider's token for a means of payment: 1 to 200 characters, never a card number.
pub type PaymentToken = Redacted<Text<1, 200>>;

/// The maximum length of an e-mail address in octets: a path of 256 without its brackets.
const MAX_EMAIL_LENGTH: usize = 254;

/// A customer's e-mail address.
pub type Email = Redacted<EmailAddress>;

/// An e-mail address that every mail server accepts: an ASCII local part (RFC 5321 `Dot-string`),
/// and a domain name of at least two labels. An international domain is stored in its ASCII form
/// (UTS #46). Lengths are limited as in RFC 5321 section 4.5.3.1, to 254 octets in total. SES does
/// not announce SMTPUTF8 and accepts no other addresses
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

/// Why a string is not an [`EmailAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, such as name@example.com")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The address, with its domain in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(address: String) -> Result<Self, InvalidEmail> {
        let (local, domain) = address.rsplit_once('@').ok_or(InvalidEmail)?;
        let domain = Uts46::new()
            .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
            .map_err(|_| InvalidEmail)?;
        let ascii = format!("{local}@{domain}");
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let is_good = ascii.is_ascii()
            && ascii.len() <= MAX_EMAIL_LENGTH
            && !local.starts_with('"')
            // No top-level domain is a number (RFC 3696 section 2), but the last part of an IP
            // address is.
            && !domain.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
            && email_address::EmailAddress::parse_with_options(&ascii, options).is_ok();
        if is_good { Ok(Self(ascii)) } else { Err(InvalidEmail) }
    }
}

/// The recipient of an order, and their addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// The address for notifications.
    pub email: Email,
    /// The address for the parcel.
    pub address: Address,
}

impl Recipient {
    /// Replaces the recipient when the customer's data was erased.
    pub(crate) fn erased() -> Self {
        Self {
            first_name: Text::erased().into(),
            last_name: Text::erased().into(),
            // `.invalid` is reserved (RFC 2606), so no mail is delivered.
            email: EmailAddress("erased@erased.invalid".to_owned()).into(),
            address: Text::erased().into(),
        }
    }

    /// Whether the recipient was erased, so that nothing can be sent.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        *self == Self::erased()
    }
}

/// How the customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", try_from = "String")]
#[cfg_attr(feature = "schema", schemars(!try_from))]
pub enum PaymentMethod {
    /// A card, identified by its token.
    Card,
    /// `PayPal`.
    Paypal,
    /// On account, after delivery.
    Invoice,
}

/// Why a string is not a [`PaymentMethod`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be CARD, PAYPAL or INVOICE")]
pub struct InvalidPaymentMethod;

impl TryFrom<String> for PaymentMethod {
    type Error = InvalidPaymentMethod;

    fn try_from(text: String) -> Result<Self, InvalidPaymentMethod> {
        match &*text {
            "CARD" => Ok(Self::Card),
            "PAYPAL" => Ok(Self::Paypal),
            "INVOICE" => Ok(Self::Invoice),
            _ => Err(InvalidPaymentMethod),
        }
    }
}

/// The means of payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// How the customer pays.
    pub method: PaymentMethod,
    /// The provider's token for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<PaymentToken>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_erased_recipient_is_a_valid_recipient() {
        let erased = Recipient::erased();
        let text = serde_json::to_string(&erased).unwrap();
        let read = serde_json::from_str::<Recipient>(&text).unwrap();
        assert_eq!(read, erased);
        assert!(read.is_erased());
        let somebody = Recipient { first_name: "Grace".parse().unwrap(), ..erased };
        assert!(!somebody.is_erased());
    }

    #[test]
    fn emails_are_checked_for_their_form() {
        for good in [
            "a@b.co",
            "first.last+tag@mail.example.com",
            "o'neill@example.com",
            "a_b-c@x--y.example",
            "1@2.co",
        ] {
            assert_eq!(EmailAddress::try_from(good.to_owned()).unwrap().as_str(), good);
        }
        for bad in ["", "a", "@b.co", "a@", "a@b", "a b@c.de", "a@b..c", "a@b@c.de", "a@b.c\n"] {
            assert_eq!(EmailAddress::try_from(bad.to_owned()), Err(InvalidEmail), "{bad}");
        }
    }

    #[test]
    fn addresses_that_mail_servers_refuse_are_refused() {
        let long =
            |local: usize, label: usize| format!("{}@{}.example.com", "a".repeat(local), "b".repeat(label));
        for bad in [
            "a,b@example.com",
            "<a@example.com>",
            "Grace <a@example.com>",
            "a@example.com, b@example.com",
            "a;b@example.com",
            "a@example.com;b@example.com",
            "\"a b\"@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a(b)@example.com",
            "a[b]@example.com",
            "a\\b@example.com",
            "a:b@example.com",
            "jörg@example.com",
            "a@[192.0.2.1]",
            "a@192.0.2.1",
            "a@-example.com",
            "a@example-.com",
            "a@exam_ple.com",
            "a@exam!ple.com",
            "a@example.com.",
            "a@.example.com",
            "a@example.c\u{202e}om",
            "a@xn--zzzzzz.com",
            " a@example.com",
            &long(65, 1),
            &long(1, 64),
            &format!("{}@{}.com", "a".repeat(64), vec!["b".repeat(60); 4].join(".")),
        ] {
            assert_eq!(EmailAddress::try_from(bad.to_owned()), Err(InvalidEmail), "{bad}");
        }
        assert!(EmailAddress::try_from(long(64, 63)).is_ok());
    }

    #[test]
    fn international_domains_are_written_in_ascii() {
        for (given, kept) in [
            ("a@münchen.de", "a@xn--mnchen-3ya.de"),
            ("a@MÜNCHEN.de", "a@xn--mnchen-3ya.de"),
            ("A@Example.COM", "A@example.com"),
            ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("a@हिन्दी.भारत", "a@xn--j2bd4cyah0f.xn--h2brj9c"),
            ("a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"),
        ] {
            let address = EmailAddress::try_from(given.to_owned()).unwrap();
            assert_eq!(address.as_str(), kept);
            assert_eq!(EmailAddress::try_from(kept.to_owned()), Ok(address));
        }
    }

    #[test]
    fn a_customer_shows_in_no_debug_output() {
        let recipient: Recipient = serde_json::from_value(serde_json::json!({
            "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com", "address": "1 Harbour Street",
        }))
        .unwrap();
        let payment = Payment { method: PaymentMethod::Card, token: Some("tok_visa".parse().unwrap()) };
        let shown = format!("{recipient:?} {payment:?}");
        for secret in ["Grace", "Hopper", "name@", "Harbour", "tok_"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
