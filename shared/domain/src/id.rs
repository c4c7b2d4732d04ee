use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::{NoContext, Uuid};

use crate::Timestamp;

/// Why a string is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID, such as 0190f2a0-0000-7000-8000-000000000000")]
pub struct InvalidId;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "Uuid")]
        pub struct $name(Uuid);

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // RFC 9562 section 4 defines one text form of a UUID, in upper or lower case.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == uuid::fmt::Hyphenated::LENGTH && !id.is_nil() => Ok(Self(id)),
                    _ => Err(InvalidId),
                }
            }
        }
    };
}

uuid_id! {
    /// Identifies a product: a UUID v7, so that ids sort by creation time.
    ProductId
}
uuid_id! {
    /// Identifies an order: a UUID v7 (RFC 9562 section 5.7) that contains the order's date. So a
    /// customer's orders sort by time under their key.
    OrderId
}
uuid_id! {
    /// Identifies a line of a basket: the same product in the same colour always has the same id.
    ItemId
}
uuid_id! {
    /// Identifies a customer: the `sub` claim of their account's tokens. Cognito never reuses the
    /// id of a deleted account, so unlike a [`UserName`] it identifies one person for ever.
    CustomerId
}

impl CustomerId {
    /// Replaces the id of every customer whose data was erased. No account has this id: Cognito's
    /// ids are random (RFC 9562 section 5.4), this one is nil (section 5.9).
    pub const ERASED: Self = Self(Uuid::nil());

    /// Reads an id that may be [`ERASED`](Self::ERASED).
    ///
    /// # Errors
    /// When it is not an id.
    pub fn deserialize_or_erased<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self)
    }
}

impl ProductId {
    /// A new id, created `at` this time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(v7(at))
    }
}

impl OrderId {
    /// A new id for an order placed `at` this time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(v7(at))
    }

    /// When the order was placed. The shop creates only UUID v7 ids; any other id gives 1970.
    #[must_use]
    pub fn date(self) -> Timestamp {
        let (seconds, nanoseconds) = self.0.get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
        Timestamp::from_unix_millis(seconds.saturating_mul(1000) + u64::from(nanoseconds / 1_000_000))
    }

    /// The smallest id that an order placed `at` this time can have.
    #[must_use]
    pub fn earliest(at: Timestamp) -> Self {
        Self(with_rest(at, 0x00))
    }

    /// The greatest id that an order placed `at` this time can have.
    #[must_use]
    pub fn latest(at: Timestamp) -> Self {
        Self(with_rest(at, 0xff))
    }
}

impl ItemId {
    /// The line that holds this product in this colour.
    #[must_use]
    pub fn of(product: ProductId, color: Option<&str>) -> Self {
        Self(Uuid::new_v5(&product.0, color.unwrap_or_default().as_bytes()))
    }
}

fn v7(at: Timestamp) -> Uuid {
    let millis = at.unix_millis();
    let nanoseconds = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1000, nanoseconds))
}

fn with_rest(at: Timestamp, rest: u8) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.unix_millis(), &[rest; 10]).into_uuid()
}

/// The name that a customer signs in with, as shown in paths and responses: 1 to 128 letters,
/// digits, and `. _ @ + -`. Another customer can take it after the account is deleted, so only a
/// [`CustomerId`] identifies a customer.
///
/// These names are rejected: `.` and `..` have another meaning in a path, `checkout` is a route,
/// and `erased` replaces the names of erased customers. Cognito's API would treat a name that looks
/// like a [`CustomerId`] as an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UserName(String);

/// Why a string is not a [`UserName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 of the letters a-z and A-Z, digits or . _ @ + -, no UUID, and not a reserved word")]
pub struct InvalidUserName;

impl UserName {
    pub(crate) const RESERVED: [&str; 4] = [".", "..", "checkout", Self::ERASED];
    const ERASED: &'static str = "erased";

    /// Replaces the name of every customer whose data was erased. No customer can sign up with it.
    #[must_use]
    pub fn erased() -> Self {
        Self(Self::ERASED.to_owned())
    }

    /// Reads a name that may be [`erased`](Self::erased).
    ///
    /// # Errors
    /// When it is not a user name.
    pub fn deserialize_or_erased<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)? {
            name if name == Self::ERASED => Ok(Self::erased()),
            name => name.try_into().map_err(D::Error::custom),
        }
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for UserName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Whether a name has exactly as many hexadecimal digits as a UUID, with hyphens anywhere.
fn is_like_an_id(name: &str) -> bool {
    let mut digits = name.chars().filter(|c| *c != '-');
    digits.clone().count() == 32 && digits.all(|c| c.is_ascii_hexdigit())
}

impl TryFrom<String> for UserName {
    type Error = InvalidUserName;

    fn try_from(name: String) -> Result<Self, InvalidUserName> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let reserved = Self::RESERVED.contains(&&*name) || is_like_an_id(&name);
        if (1..=128).contains(&name.len()) && name.chars().all(allowed) && !reserved {
            Ok(Self(name))
        } else {
            Err(InvalidUserName)
        }
    }
}

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(name: &str) -> Result<Self, InvalidUserName> {
        Self::try_from(name.to_owned())
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_order_id_carries_its_date(millis in 0u64..253_402_300_799_999) {
            let at = Timestamp::from_unix_millis(millis);
            prop_assert_eq!(OrderId::new(at).date(), at);
        }

        #[test]
        fn an_order_id_lies_between_the_bounds_of_its_millisecond(millis in 0u64..253_402_300_799_998) {
            let at = Timestamp::from_unix_millis(millis);
            let id = OrderId::new(at);
            prop_assert!(OrderId::earliest(at) <= id && id <= OrderId::latest(at));
            prop_assert!(OrderId::latest(at) < OrderId::earliest(Timestamp::from_unix_millis(millis + 1)));
        }

        #[test]
        fn ids_survive_text(millis in 0u64..253_402_300_799_999) {
            let id = OrderId::new(Timestamp::from_unix_millis(millis));
            prop_assert_eq!(id.to_string().parse::<OrderId>().unwrap(), id);
        }
    }

    #[test]
    fn an_id_is_the_same_in_either_case() {
        let text = "0190f2a0-0bcd-7000-8000-00000000abcd";
        let id: ProductId = text.parse().unwrap();
        for same in [text.to_uppercase(), text.replace("abcd", "AbCd")] {
            assert_eq!(same.parse::<ProductId>(), Ok(id), "{same}");
            assert_eq!(serde_json::from_value::<ProductId>(same.into()).unwrap(), id);
        }
        assert_eq!(id.to_string(), text);
        for other in [
            text.replace('-', ""),
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
            format!(" {text}"),
            text.replace('0', "g"),
            text[1..].to_owned(),
            "0190f2a00-bcd-7000-8000-00000000abcd".to_owned(),
        ] {
            assert_eq!(other.parse::<ProductId>(), Err(InvalidId), "{other}");
        }
    }

    #[test]
    fn a_line_is_named_by_its_product_and_colour() {
        let product = ProductId::new(Timestamp::now());
        assert_eq!(ItemId::of(product, Some("red")), ItemId::of(product, Some("red")));
        assert_ne!(ItemId::of(product, Some("red")), ItemId::of(product, Some("blue")));
        assert_ne!(ItemId::of(product, Some("red")), ItemId::of(product, None));
        assert_ne!(ItemId::of(product, None), ItemId::of(ProductId::new(Timestamp::now()), None));
    }

    #[test]
    fn user_names_are_plain() {
        for good in ["swn", "a.b+c@example.com", "Erased", "customer-0190f2a0", &"x".repeat(128)] {
            assert!(UserName::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "ünal", "a\0", ".", "..", "checkout", "erased", &"x".repeat(129)] {
            assert_eq!(UserName::try_from(bad.to_owned()), Err(InvalidUserName), "{bad}");
        }
    }

    #[test]
    fn user_names_never_read_like_a_customer_id() {
        let id = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a";
        let odd = ["d79ebf41-2ade-D70b-7a06600B1406a3B8", "00000000000000000000-000000000000"];
        for bad in [id, &id.to_uppercase(), &id.replace('-', "")].into_iter().chain(odd) {
            assert_eq!(UserName::try_from(bad.to_owned()), Err(InvalidUserName), "{bad}");
        }
        assert!(UserName::try_from(format!("customer-{id}")).is_ok());
    }

    #[test]
    fn erased_customers_have_an_id_of_their_own() {
        let text = serde_json::to_string(&CustomerId::ERASED).unwrap();
        assert_eq!(text, r#""00000000-0000-0000-0000-000000000000""#);
        assert!(serde_json::from_str::<CustomerId>(&text).is_err(), "nobody who asks for something has it");
        let mut read = serde_json::Deserializer::from_str(&text);
        assert_eq!(CustomerId::deserialize_or_erased(&mut read).unwrap(), CustomerId::ERASED);
    }
}
