//! Events in the envelope of EventBridge, for the functions that handle them.
//!
//! A function declares the events that it handles as an enum. Each variant has the name of a
//! `detail-type` and holds the `detail`:
//!
//! ```
//! # #[derive(serde::Deserialize)] struct Opened;
//! # #[derive(serde::Deserialize)] struct Closed;
//! #[derive(serde::Deserialize)]
//! enum AccountEvent {
//!     AccountOpened(Opened),
//!     AccountClosed(Closed),
//! }
//! ```
//!
//! A `detail` may have the `correlationId` of the client request that caused it, in its `metadata`.

use std::borrow::Cow;
use std::iter;

use serde::de::value::{self, MapAccessDeserializer, MapDeserializer};
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::value::RawValue;

use crate::json::{self, Unreadable};

/// An event with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<E> {
    /// EventBridge's `detail-type`.
    pub detail_type: String,
    /// The `correlationId` in the detail's `metadata`, if there is one.
    pub correlation_id: Option<String>,
    /// The event itself.
    pub event: E,
}

/// Why a message is not an event that the function handles.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// A poison message: not an event, or an event whose detail does not match its type.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An event of another type.
    #[error("an event has the unknown detail-type {0}")]
    UnknownType(String),
}

/// The fields that are read from any envelope.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawEnvelope<'a> {
    #[serde(borrow)]
    detail_type: Cow<'a, str>,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// The fields that are read from any detail.
#[derive(Deserialize)]
struct Detail {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    correlation_id: String,
}

impl<E: DeserializeOwned> Envelope<E> {
    /// Parses the body of a message.
    ///
    /// For an enum, the `detail-type` selects the variant. Any other type is read from the
    /// `detail`, whatever the `detail-type`: the EventBridge rule must then pass only the right
    /// one.
    ///
    /// # Errors
    /// When the body is not such an event.
    pub fn open(body: &str) -> Result<Self, EventError> {
        let body = &mut serde_json::Deserializer::from_str(body);
        let RawEnvelope { detail_type, detail } = json::read_from(body)?;
        let event = match variants::<E>() {
            None => json::read_from(detail)?,
            Some(variants) if variants.contains(&&*detail_type) => {
                // Serde reads an enum from a map with one entry. Its value is raw JSON, so numbers
                // stay as written.
                let variant = MapDeserializer::new(iter::once((&*detail_type, detail)));
                json::read_from(MapAccessDeserializer::new(variant))?
            }
            Some(_) => return Err(EventError::UnknownType(detail_type.into_owned())),
        };
        // Only for the log line: an event without metadata is handled like any other.
        let known = serde_json::from_str(detail.get()).ok();
        let correlation_id = known.map(|Detail { metadata }| metadata.correlation_id);
        Ok(Self { detail_type: detail_type.into_owned(), correlation_id, event })
    }
}

/// The names of an enum's variants; `None` for any other type.
fn variants<E: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut variants = None;
    // Deserializing always fails: only the requested variants matter.
    drop(E::deserialize(Variants(&mut variants)));
    variants
}

/// A deserializer that records the requested variants and always fails.
struct Variants<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Variants<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("nothing to read"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        *self.0 = Some(variants);
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    enum AccountEvent {
        AccountOpened(Opened),
        AccountClosed(Closed),
    }

    #[derive(Debug, Deserialize)]
    struct Opened {
        balance: Box<RawValue>,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Closed {
        balance: u8,
    }

    fn body(detail_type: &str, detail: &str) -> String {
        // The detail may come before its type.
        format!(r#"{{"detail": {detail}, "source": "bank", "detail-type": "{detail_type}"}}"#)
    }

    fn opened<E: DeserializeOwned>(detail_type: &str, detail: &str) -> Envelope<E> {
        Envelope::open(&body(detail_type, detail)).unwrap()
    }

    fn refusal<E: DeserializeOwned>(body: &str) -> EventError {
        Envelope::<E>::open(body).err().unwrap()
    }

    #[test]
    fn an_event_is_read_by_its_type_and_its_numbers_stay_as_they_were_written() {
        let event = opened("AccountOpened", r#"{"balance": 950.400, "more": {}}"#).event;
        let AccountEvent::AccountOpened(Opened { balance }) = event else { panic!("{event:?}") };
        assert_eq!(balance.get(), "950.400");
        let event = opened("AccountClosed", r#"{"balance": 0}"#).event;
        assert!(matches!(event, AccountEvent::AccountClosed(Closed { balance: 0 })), "{event:?}");
    }

    #[test]
    fn an_event_of_another_type_is_told_from_poison() {
        let other = refusal::<AccountEvent>(&body("AccountMoved", r#"{"balance": 0}"#));
        assert_eq!(other.to_string(), "an event has the unknown detail-type AccountMoved");
        for poison in
            ["", "secret", r#"{"detail-type": "AccountMoved"}"#, r#"{"AccountClosed": {"balance": 0}}"#]
        {
            let error = refusal::<AccountEvent>(poison);
            assert!(matches!(error, EventError::Unreadable(_)), "{poison}: {error}");
        }
    }

    #[test]
    fn a_detail_that_is_not_what_its_type_says_is_poison_and_the_place_is_told() {
        let poison = refusal::<AccountEvent>(&body("AccountClosed", r#"{"balance": "secret"}"#));
        let place = "unreadable: data error at AccountClosed.balance, line 1 column 20";
        assert_eq!(poison.to_string(), place);
    }

    #[test]
    fn structs_are_read_from_the_detail_whatever_its_type() {
        for detail_type in ["AccountClosed", "AccountMoved"] {
            assert_eq!(opened::<Closed>(detail_type, r#"{"balance": 7}"#).event, Closed { balance: 7 });
        }
        let poison = refusal::<Closed>(&body("AccountClosed", r#"{"balance": 256}"#));
        assert!(matches!(poison, EventError::Unreadable(_)), "{poison}");
    }

    #[test]
    fn an_event_says_which_request_it_goes_back_to_if_it_knows() {
        let detail = r#"{"metadata": {"correlationId": "c-1"}, "balance": 0}"#;
        let Envelope { detail_type, correlation_id, .. } = opened::<AccountEvent>("AccountClosed", detail);
        assert_eq!((&*detail_type, correlation_id.as_deref()), ("AccountClosed", Some("c-1")));
        assert_eq!(opened::<AccountEvent>("AccountClosed", r#"{"balance": 0}"#).correlation_id, None);
    }
}
