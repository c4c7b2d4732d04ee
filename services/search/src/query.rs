//! What a customer searches for.

use std::collections::HashSet;
use std::str::FromStr;

use domain::{InvalidText, Text};

use crate::terms::{Words, list_of};
use crate::words::words;

/// Maximum number of different words.
const MAX_WORDS: usize = 8;

/// The text of a query: 1 to 200 characters.
pub type QueryText = Text<1, 200>;

/// A query: products that have all of its words are found. Customers are still typing the last word,
/// so it may be the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    others: Vec<String>,
    last: String,
}

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    /// It is no text of the right length.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// It has punctuation only.
    #[error("must have a letter or a digit")]
    NoWord,
    /// It has too many words.
    #[error("must have at most {MAX_WORDS} different words")]
    TooManyWords,
}

impl FromStr for Query {
    type Err = InvalidQuery;

    fn from_str(text: &str) -> Result<Self, InvalidQuery> {
        let mut words = words(text.parse::<QueryText>()?.as_str());
        let last = words.pop().ok_or(InvalidQuery::NoWord)?;
        let mut seen = HashSet::from([last.clone()]);
        words.retain(|word| seen.insert(word.clone()));
        if words.len() >= MAX_WORDS {
            return Err(InvalidQuery::TooManyWords);
        }
        Ok(Self { others: words, last })
    }
}

impl Query {
    /// The words, which are the same in all spellings of the query.
    #[must_use]
    pub fn normal_form(&self) -> String {
        self.all().collect::<Vec<_>>().join(" ")
    }

    /// The lists that each contain all products that the query finds.
    #[must_use]
    pub fn lists(&self) -> HashSet<String> {
        self.all().map(list_of).collect()
    }

    /// The rank of a product with these words, of which a smaller one is better; `None` if the query
    /// does not find it. A word in the name counts 0, in the category 1, in the description 2.
    #[must_use]
    pub fn rank(&self, words: &Words) -> Option<usize> {
        let others: Option<usize> = self.others.iter().map(|word| words.field_with(word)).sum();
        Some(others? + words.field_with_prefix(&self.last)?)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.others.iter().chain([&self.last]).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<String, InvalidQuery> {
        text.parse().map(|query: Query| query.normal_form())
    }

    #[test]
    fn queries_are_their_words() {
        assert_eq!(query(" Ferrum,  LÀMP! ").unwrap(), "ferrum lamp");
        assert_eq!(query("lamp red lamp red lam").unwrap(), "lamp red lam");
        assert_eq!(query("lamp red lamp").unwrap(), "red lamp");
        assert_eq!(query("x").unwrap(), "x");
        assert_eq!(query("手机").unwrap(), "手 机");
    }

    #[test]
    fn texts_without_words_or_with_too_many_are_no_queries() {
        assert!(matches!(query(""), Err(InvalidQuery::Text(InvalidText::Length { .. }))));
        assert!(matches!(query("  "), Err(InvalidQuery::Text(InvalidText::Blank))));
        assert!(matches!(query("a\0b"), Err(InvalidQuery::Text(InvalidText::ControlCharacter))));
        assert!(matches!(query("a\u{202e}b"), Err(InvalidQuery::Text(InvalidText::BidiControl))));
        assert!(matches!(query(&"a".repeat(201)), Err(InvalidQuery::Text(InvalidText::Length { .. }))));
        assert_eq!(query("!? -- 😀"), Err(InvalidQuery::NoWord));
        assert_eq!(query("a b c d e f g h i"), Err(InvalidQuery::TooManyWords));
        assert!(query("a b c d e f g h a").is_ok());
    }
}
