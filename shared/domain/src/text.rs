use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text of `MIN` to `MAX` characters that is not blank and holds nothing that no one can see;
/// line breaks and tabs only if it may have `LINES`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MIN: usize, const MAX: usize, const LINES: bool = false>(String);

/// Why a string is not a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Too short or too long; both limits in characters.
    #[error("must be {min} to {max} characters")]
    Length {
        /// The fewest characters allowed.
        min: usize,
        /// The most characters allowed.
        max: usize,
    },
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// A character that no one can see, such as NUL or an escape.
    #[error("must not contain control characters")]
    ControlCharacter,
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> Text<MIN, MAX, LINES> {
    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const LINES: bool> Text<1, MAX, LINES> {
    /// What stands in the place of a text that the shop has forgotten.
    pub(crate) fn erased() -> Self {
        const { assert!(MAX >= 6) }
        Self("erased".to_owned())
    }
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> TryFrom<String> for Text<MIN, MAX, LINES> {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        // A character is at most four bytes, so an enormous text is refused without counting it.
        let length = if text.len() > MAX * 4 { usize::MAX } else { text.chars().count() };
        if !(MIN..=MAX).contains(&length) {
            return Err(InvalidText::Length { min: MIN, max: MAX });
        }
        if MIN > 0 && text.trim().is_empty() {
            return Err(InvalidText::Blank);
        }
        if text.chars().any(|c| is_invisible(c) && !(LINES && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(InvalidText::ControlCharacter);
        }
        Ok(Self(text))
    }
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> FromStr for Text<MIN, MAX, LINES> {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        Self::try_from(text.to_owned())
    }
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> fmt::Display for Text<MIN, MAX, LINES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters, and the two that are no characters at all: SQS takes no message with one.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Text<1, 5>, InvalidText> {
        Text::try_from(text.to_owned())
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert_eq!(parse("ñandú").unwrap().as_str(), "ñandú");
        assert_eq!(parse("ñandúe"), Err(InvalidText::Length { min: 1, max: 5 }));
        assert_eq!(parse(""), Err(InvalidText::Length { min: 1, max: 5 }));
    }

    #[test]
    fn an_enormous_text_is_refused() {
        assert_eq!(parse(&"x".repeat(10_000_000)), Err(InvalidText::Length { min: 1, max: 5 }));
    }

    #[test]
    fn blanks_and_control_characters_are_refused() {
        assert_eq!(parse(" \t "), Err(InvalidText::Blank));
        assert_eq!(parse("a\u{0}b"), Err(InvalidText::ControlCharacter));
        assert_eq!(parse("a\u{1b}b"), Err(InvalidText::ControlCharacter));
        assert_eq!(parse("a\u{ffff}b"), Err(InvalidText::ControlCharacter));
        assert_eq!(parse("a\nb"), Err(InvalidText::ControlCharacter));
        assert!(Text::<1, 5, true>::try_from("a\nb".to_owned()).is_ok());
    }
}
