//! Pages of lists.

use std::num::NonZeroU8;
use std::str::FromStr;

use serde::Serialize;

use crate::aws::AwsError;
use crate::dynamodb::cursor;
use crate::dynamodb::item::Item;

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

    /// A page of a list that starts after this position.
    pub(crate) fn new(list: String, limit: Limit, start: Option<Item>) -> Self {
        Self { list, limit, start }
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
        let next_cursor = next.map(|next| cursor::encode(&self.list, next)).transpose()?;
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
