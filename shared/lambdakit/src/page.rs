//! Pagination of lists: `?limit=` and an opaque `?cursor=`, and query parameters in general.
//!
//! A cursor is a position in one list. It has a checksum over that list and position, so a cursor
//! that is damaged, or made for another list, is refused. It is not a secret: the list's key always
//! comes from the request, so a forged cursor gives access to nothing else.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::num::NonZeroU8;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::FieldError;
use crate::table::Item;
use crate::{AwsError, Problem};

const CHECKSUM_LENGTH: usize = 8;

/// The query parameters of a request, and the errors of those read so far.
///
/// Reading works as with [`Fields`](crate::fields::Fields): `None` means invalid.
#[derive(Debug)]
pub struct Parameters {
    values: HashMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl Parameters {
    /// Parses a query string in form encoding: `+` is a space.
    fn read(query: &str) -> Result<Self, Problem> {
        let mut values: HashMap<_, Vec<_>> = HashMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(Problem::bad_request("The query string is not UTF-8."));
            };
            values.entry(name).or_default().push(value);
        }
        Ok(Self { values, errors: Vec::new() })
    }

    /// Reads an optional parameter. An empty value does not count as missing, because an empty
    /// filter selects nothing.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.text(name)?.map(str::parse) {
            None => Some(None),
            Some(Ok(value)) => Some(Some(value)),
            Some(Err(error)) => self.wrong(name, error),
        }
    }

    fn text(&mut self, name: &'static str) -> Option<Option<&str>> {
        if self.values.get(name).is_some_and(|values| values.len() > 1) {
            return self.wrong(name, "must be given once");
        }
        Some(self.values.get(name).and_then(|values| values.first()).map(String::as_str))
    }

    /// Reads which page of a list is requested. `list` names the list, including all its filters.
    pub fn page(&mut self, list: impl Into<String>) -> Option<PageRequest> {
        let list = list.into();
        let limit = self.optional::<Limit>("limit");
        let start = match self.text("cursor").map(|cursor| cursor.map(|cursor| decode(&list, cursor))) {
            None => None,
            Some(None) => Some(None),
            Some(Some(Some(start))) => Some(Some(start)),
            Some(Some(None)) => self.wrong("cursor", "is not a cursor of this list"),
        };
        Some(PageRequest { list, limit: limit?.unwrap_or_default(), start: start? })
    }

    /// The 400 problem that names every invalid parameter.
    #[must_use]
    pub fn invalid(self) -> Problem {
        Problem::bad_parameters(self.errors)
    }

    fn wrong<T>(&mut self, name: &str, detail: impl Display) -> Option<T> {
        self.errors.push(FieldError { field: name.to_owned(), detail: detail.to_string() });
        None
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

/// Number of items per page: 1 to 100, 20 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(NonZeroU8);

impl Default for Limit {
    fn default() -> Self {
        Self(const { NonZeroU8::new(20).unwrap() })
    }
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `parse` would also accept a sign.
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok().filter(|limit: &NonZeroU8| is_number && limit.get() <= 100);
        limit.map(Self).ok_or("must be a whole number from 1 to 100")
    }
}

/// A request for one page of a list.
#[derive(Clone, Debug)]
pub struct PageRequest {
    list: String,
    limit: Limit,
    start: Option<Item>,
}

impl PageRequest {
    /// The first page of a list, with the default limit.
    #[must_use]
    pub fn first(list: impl Into<String>) -> Self {
        Self { list: list.into(), limit: Limit::default(), start: None }
    }

    /// Maximum number of items, as DynamoDB's `Limit`.
    #[must_use]
    pub fn limit(&self) -> i32 {
        self.limit.0.get().into()
    }

    /// Where to start, as DynamoDB's `ExclusiveStartKey`.
    #[must_use]
    pub fn start(&self) -> Option<Item> {
        self.start.clone()
    }

    /// Builds the page from DynamoDB's response.
    ///
    /// # Errors
    /// When an item cannot be read, or the next key has attributes other than strings.
    pub fn page<T: serde::de::DeserializeOwned>(
        &self,
        items: Vec<Item>,
        next: Option<Item>,
    ) -> Result<Page<T>, AwsError> {
        let items = serde_dynamo::from_items(items)?;
        let next_cursor = next.map(|next| encode(&self.list, next)).transpose()?;
        Ok(Page { items, next_cursor })
    }
}

/// A page of a list, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "{T}Page"))]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Asks for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Converts each item of the page.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next_cursor: self.next_cursor }
    }
}

fn encode(list: &str, key: Item) -> Result<String, AwsError> {
    let key: BTreeMap<String, String> = serde_dynamo::from_item(key)?;
    let json = serde_json::to_vec(&key).map_err(|error| AwsError::Permanent(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode([&checksum(list, &json)[..], &json].concat()))
}

fn decode(list: &str, cursor: &str) -> Option<Item> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (sum, json) = bytes.split_at_checked(CHECKSUM_LENGTH)?;
    if sum != checksum(list, json) {
        return None;
    }
    let key: BTreeMap<String, String> = serde_json::from_slice(json).ok()?;
    // DynamoDB rejects empty keys.
    if key.is_empty() || key.values().any(String::is_empty) {
        return None;
    }
    Some(key.into_iter().map(|(name, value)| (name, AttributeValue::S(value))).collect())
}

fn checksum(list: &str, json: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    let hash = Sha256::new().chain_update(list).chain_update([0]).chain_update(json).finalize();
    std::array::from_fn(|index| hash[index])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(id: &str) -> Item {
        HashMap::from([("id".to_owned(), AttributeValue::S(id.to_owned()))])
    }

    fn parameters(query: &str) -> Parameters {
        Parameters::read(query).unwrap()
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_key(list: String, id in ".+") {
            let cursor = encode(&list, key(&id)).unwrap();
            prop_assert_eq!(decode(&list, &cursor), Some(key(&id)));
        }

        #[test]
        fn a_cursor_with_any_other_character_is_refused(place in 0..30_usize, new in "[A-Za-z0-9_-]") {
            let cursor = encode("product", key("0190f2a0-0000-7000-8000-000000000000")).unwrap();
            let mut damaged = cursor.clone();
            damaged.replace_range(place..=place, &new);
            prop_assert_eq!(decode("product", &damaged).is_some(), damaged == cursor);
        }

        #[test]
        fn nonsense_is_no_cursor(text: String) {
            prop_assert_eq!(decode("product", &text), None);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = encode("product?category=Phone", key("a")).unwrap();
        assert_eq!(decode("product?category=Book", &cursor), None);
    }

    #[test]
    fn every_parameter_at_fault_is_named() {
        let mut parameters = parameters("limit=0&cursor=abc");
        assert!(parameters.page("product").is_none());
        let fields: Vec<_> = parameters.errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["limit", "cursor"]);
    }

    #[test]
    fn limits_are_1_to_100_and_20_unless_asked() {
        assert_eq!(parameters("").page("x").unwrap().limit(), 20);
        assert_eq!(parameters("limit=100").page("x").unwrap().limit(), 100);
        assert_eq!(parameters("limit=007").page("x").unwrap().limit(), 7);
        for bad in ["0", "101", "-1", "ten", "1.5", "", "%2B7", "+7", "7+", "7.0", "7e0", "0x7", "%D9%A7"] {
            assert!(parameters(&format!("limit={bad}")).page("x").is_none(), "{bad}");
        }
    }

    #[test]
    fn a_parameter_is_its_decoded_text() {
        for query in ["a=x+y%2Bz", "a=x%20y%2Bz", "%61=x+y%2bz", "&&a=x+y%2Bz&"] {
            assert_eq!(parameters(query).optional::<String>("a"), Some(Some("x y+z".to_owned())), "{query}");
        }
        for query in ["a", "a=", "b=1&a="] {
            assert_eq!(parameters(query).optional::<String>("a"), Some(Some(String::new())), "{query}");
        }
        assert_eq!(parameters("A=1").optional::<String>("a"), Some(None));
        assert!(Parameters::read("a=%FF").is_err() && Parameters::read("%C3=1").is_err());
    }

    #[test]
    fn a_parameter_is_given_once() {
        for query in ["limit=1&limit=2", "limit=1&limit=1", "limit=1&%6Cimit=2"] {
            let mut parameters = parameters(query);
            assert!(parameters.page("x").is_none(), "{query}");
            let errors: Vec<_> =
                parameters.errors.iter().map(|error| (&*error.field, &*error.detail)).collect();
            assert_eq!(errors, [("limit", "must be given once")]);
        }
        assert!(parameters("other=1&other=2").page("x").is_some(), "nobody reads it");
        let cursor = encode("x", key("a")).unwrap();
        assert!(parameters(&format!("cursor={cursor}&cursor={cursor}")).page("x").is_none());
    }
}
