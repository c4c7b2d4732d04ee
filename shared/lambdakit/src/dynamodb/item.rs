//! Items and keys of tables.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An item, or its key attributes.
pub type Item = HashMap<String, AttributeValue>;

/// A key of string attributes.
#[must_use]
pub fn key<const N: usize>(attributes: [(&str, String); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect()
}
