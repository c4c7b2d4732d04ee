//! Deserialization of messages, with errors that contain no message content.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

/// A message that cannot be deserialized. The error has the position but no content: messages
/// contain customer data, which must not be logged.
#[derive(Debug, thiserror::Error)]
#[error("unreadable: {category} error at {path}, line {line} column {column}")]
pub struct Unreadable {
    category: &'static str,
    path: String,
    line: usize,
    column: usize,
}

/// Deserializes a message.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Unreadable> {
    read_from(&mut serde_json::Deserializer::from_str(json))
}

/// Deserializes a part of a message, or a message assembled from parts.
pub(crate) fn read_from<'de, T: Deserialize<'de>>(
    json: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        let category = match error.classify() {
            Category::Data => "data",
            Category::Eof | Category::Io | Category::Syntax => "syntax",
        };
        Unreadable { category, path, line: error.line(), column: error.column() }
    })
}

/// The payload of an invocation. Deserializing it does not fail, so that the function can log what is
/// wrong: the Lambda runtime only responds with it.
#[cfg(any(feature = "http", feature = "outbox"))]
#[derive(Debug)]
pub(crate) struct Payload<T>(pub(crate) Result<T, Unreadable>);

#[cfg(any(feature = "http", feature = "outbox"))]
impl<'de, T: DeserializeOwned> Deserialize<'de> for Payload<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&serde_json::value::RawValue>::deserialize(deserializer)?;
        Ok(Self(read(json.get())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_message_is_described_without_what_stands_in_it() {
        let error = read::<Vec<u8>>(r#"[1, "secret"]"#).unwrap_err();
        assert_eq!(error.to_string(), "unreadable: data error at [1], line 1 column 12");
        let error = read::<Vec<u8>>("secret").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
