//! What a customer says when checking out.

use serde::{Deserialize, Serialize};

use crate::{Redacted, Text};

/// A first or last name: 1 to 100 characters.
pub type PersonName = Redacted<Text<1, 100>>;
/// A postal address: 1 to 500 characters.
pub type Address = Redacted<Text<1, 500, true>>;
/// A payment provider's name for a means of payment: 1 to 200 characters, never a card number.
pub type PaymentToken = Redacted<Text<1, 200>>;

/// A customer's e-mail address.
pub type Email = Redacted<EmailAddress>;

/// An e-mail address, checked as far as can be without sending mail (RFC 5321 section 4.5.3.1 limits).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

/// Why a string is not an [`EmailAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, such as name@example.com")]
pub struct InvalidEmail;

impl EmailAddress {
    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(address: String) -> Result<Self, InvalidEmail> {
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
        let good = address.len() <= 254
            && address.rsplit_once('@').is_some_and(|(local, host)| {
                (1..=64).contains(&local.len())
                    && local.chars().all(plain)
                    && host.chars().all(plain)
                    && host.split('.').count() >= 2
                    && host.split('.').all(|label| !label.is_empty())
            });
        if good { Ok(Self(address)) } else { Err(InvalidEmail) }
    }
}

/// Whom an order goes to, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Where to write to.
    pub email: Email,
    /// Where to send the goods.
    pub address: Address,
}

impl Recipient {
    /// What stands in the place of somebody whom the shop has forgotten.
    pub(crate) fn erased() -> Self {
        Self {
            first_name: Text::erased().into(),
            last_name: Text::erased().into(),
            // No mail gets anywhere under `.invalid` (RFC 2606).
            email: EmailAddress("erased@erased.invalid".to_owned()).into(),
            address: Text::erased().into(),
        }
    }

    /// Whether this is nobody any more: there is nowhere to send anything to.
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
    /// A card, named by its token.
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

/// Whether a text holds what looks like a payment card's number: 13 to 19 digits (ISO/IEC 7812-1)
/// in one piece, or in groups as they are embossed, whose check digit is right (Luhn).
#[must_use]
pub fn contains_card_number(text: &str) -> bool {
    let text: String = text.chars().map(ascii_digit).collect();
    let groups: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|group| !group.is_empty()).collect();
    let in_one_piece = groups.iter().any(|group| is_card_number(group));
    // Embossed groups have 3 to 6 digits; those of a UUID have 8 and 12.
    let embossed =
        |group: &&&str| (3..=6).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit());
    let in_groups = (0..groups.len()).any(|first| {
        let mut digits = String::new();
        groups[first..].iter().take_while(embossed).any(|group| {
            digits.push_str(group);
            is_card_number(&digits)
        })
    });
    in_one_piece || in_groups
}

/// Digits of full width, as they are typed on East Asian keyboards, are digits too.
fn ascii_digit(c: char) -> char {
    match u32::from(c) {
        wide @ 0xff10..=0xff19 => char::from_digit(wide - 0xff10, 10).unwrap_or(c),
        _ => c,
    }
}

fn is_card_number(group: &str) -> bool {
    (13..=19).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit()) && luhn(group)
}

/// The check of ISO/IEC 7812-1 annex B: every second digit from the right is doubled.
fn luhn(digits: &str) -> bool {
    let digits = digits.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_seen_through_their_grouping() {
        for card in
            ["4242424242424242", "4242 4242 4242 4242", "card: 5555-5555-5555-4444.", "378282246310005"]
        {
            assert!(contains_card_number(card), "{card}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_id_is_no_card(id: u128) {
            let id = uuid::Uuid::from_u128(id);
            let text = format!("customer-{id} {}", id.simple());
            proptest::prop_assert!(!contains_card_number(&text), "{}", text);
        }
    }

    #[test]
    fn other_numbers_are_no_cards() {
        for other in ["", "5554443322", "4242424242424241", "tok_visa", "+44 20 7946 0958", "2026-01-31"] {
            assert!(!contains_card_number(other), "{other}");
        }
    }

    #[test]
    fn what_stands_for_a_forgotten_recipient_could_be_one() {
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
        for good in ["a@b.co", "first.last+tag@mail.example.com"] {
            assert!(EmailAddress::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b.co", "a@", "a@b", "a b@c.de", "a@b..c", "a@b@c.de", "a@b.c\n"] {
            assert_eq!(EmailAddress::try_from(bad.to_owned()), Err(InvalidEmail), "{bad}");
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
