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

#[cfg(test)]
mod tests {
    use super::*;

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
