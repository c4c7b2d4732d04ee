use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use icu_normalizer::ComposingNormalizer;
use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, Ideographic,
    IndicSyllabicCategory, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::{Deserialize, Serialize};

/// A visible text of `MIN` to `MAX` characters, without white space at its ends. It is normalised
/// (Unicode NFC), so that two spellings are one text. The length is that of the normalised text. If
/// `MIN` is not zero, it contains something other than white space.
///
/// Line breaks and tabs are allowed only if `LINES` is true. Control characters and characters that
/// reorder text (Unicode property `Bidi_Control`) are rejected. Invisible characters
/// (`Default_Ignorable_Code_Point`) are allowed only where they change how a word, an ideograph or
/// an emoji looks. UAX #31 section 2.3 and UTS #51 define this.
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
    /// Nothing visible.
    #[error("must not be blank")]
    Blank,
    /// A control character, such as NUL or an escape.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// A character that reorders the text around it, such as U+202E.
    #[error("must not contain characters that change the direction of writing")]
    BidiControl,
    /// An invisible character that does not change how others look, such as U+200B.
    #[error("must not contain invisible characters")]
    Invisible,
}

/// The maximum size in bytes of the unnormalised form of one normalised character. Some Greek
/// letters are written as four characters of two bytes or more.
const MAX_BYTES_PER_CHARACTER: usize = 16;

impl<const MIN: usize, const MAX: usize, const LINES: bool> Text<MIN, MAX, LINES> {
    /// The text in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const LINES: bool> Text<1, MAX, LINES> {
    /// Replaces a text that was erased.
    pub(crate) fn erased() -> Self {
        const { assert!(MAX >= 6) }
        Self("erased".to_owned())
    }
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> TryFrom<String> for Text<MIN, MAX, LINES> {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        let wrong_length = InvalidText::Length { min: MIN, max: MAX };
        let trimmed = text.trim();
        // Rejects a very large text before it is processed.
        if trimmed.len() > MAX * MAX_BYTES_PER_CHARACTER || text.is_empty() && MIN > 0 {
            return Err(wrong_length);
        }
        if MIN > 0 && trimmed.chars().all(is_blank) {
            return Err(InvalidText::Blank);
        }
        if text.chars().any(|c| is_control(c) && !(LINES && is_line_break(c))) {
            return Err(InvalidText::ControlCharacter);
        }
        let normal = normalise(trimmed);
        check_invisible(&normal)?;
        if (MIN..=MAX).contains(&normal.chars().count()) {
            Ok(Self(normal.into_owned()))
        } else {
            Err(wrong_length)
        }
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

fn normalise(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizer::new_nfc().normalize(text) }
}

/// Control characters, line and paragraph separators, and the two noncharacters that SQS rejects in
/// a message.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

pub(crate) fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t')
}

/// Whether a character is invisible. The listed ones have no property for this, but are blank by
/// name.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{2800}' | '\u{13441}' | '\u{13442}' | '\u{1d159}')
        || !c.is_ascii() && (is_ignorable(c) || is_bidi_control(c))
}

pub(crate) fn is_bidi_control(c: char) -> bool {
    CodePointSetData::new::<BidiControl>().contains(c)
}

/// Characters that are not displayed, and annotation anchors, which programs must not display
/// either.
pub(crate) fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// Whether an ignorable character can change how others look: joiners, variation selectors and flag
/// tags.
#[cfg(feature = "schema")]
pub(crate) fn is_joiner_or_selector(c: char) -> bool {
    matches!(c, ZWNJ | ZWJ | MONGOLIAN_SEPARATOR | TAG_FIRST..=TAG_CANCEL)
        || matches!(c, '\u{180b}'..='\u{180d}' | '\u{180f}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
const MONGOLIAN_SEPARATOR: char = '\u{180e}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';
const TAG_FIRST: char = '\u{e0020}';
const TAG_CANCEL: char = '\u{e007f}';

fn check_invisible(text: &str) -> Result<(), InvalidText> {
    if text.is_ascii() {
        return Ok(());
    }
    let characters: Vec<char> = text.chars().collect();
    if characters.iter().copied().any(is_bidi_control) {
        return Err(InvalidText::BidiControl);
    }
    for (place, &c) in characters.iter().enumerate() {
        let (before, after) = (&characters[..place], &characters[place + 1..]);
        if is_ignorable(c) && !changes_appearance(before, c, after) {
            return Err(InvalidText::Invisible);
        }
    }
    Ok(())
}

/// Whether an ignorable character has an effect between these characters. Without an effect, it
/// would only make two texts look the same.
fn changes_appearance(before: &[char], c: char, after: &[char]) -> bool {
    match c {
        ZWNJ | MONGOLIAN_SEPARATOR => {
            ends_in_joining_letter(before) && after.first().copied().is_some_and(is_joining)
        }
        // Also at the end of a word: it gives an Arabic letter the form that it has before others.
        ZWJ => {
            ends_in_joining_letter(before)
                || ends_in_emoji(before) && after.first().copied().is_some_and(is_pictograph)
        }
        TEXT_STYLE | EMOJI_STYLE => match before.last() {
            Some('0'..='9' | '#' | '*') => after.first() == Some(&KEYCAP),
            Some(&base) => CodePointSetData::new::<Emoji>().contains(base) || is_ideograph(base),
            None => false,
        },
        '\u{180b}'..='\u{180d}' | '\u{180f}' => before.last().copied().is_some_and(is_joining),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => {
            before.last().copied().is_some_and(is_ideograph)
        }
        TAG_FIRST..=TAG_CANCEL => is_flag(before, c, after),
        _ => false,
    }
}

/// Letters whose form depends on their neighbours, or that form syllables with them: those of
/// Arabic, Syriac, Mongolian, Indic scripts and similar scripts.
fn is_joining(c: char) -> bool {
    let joining = CodePointMapData::<JoiningType>::new().get(c);
    if matches!(joining, JoiningType::DualJoining | JoiningType::LeftJoining | JoiningType::RightJoining) {
        return true;
    }
    !matches!(
        CodePointMapData::<IndicSyllabicCategory>::new().get(c),
        IndicSyllabicCategory::Other
            | IndicSyllabicCategory::Joiner
            | IndicSyllabicCategory::NonJoiner
            | IndicSyllabicCategory::Number
            | IndicSyllabicCategory::NumberJoiner
            | IndicSyllabicCategory::BrahmiJoiningNumber
            | IndicSyllabicCategory::ConsonantPlaceholder
            | IndicSyllabicCategory::SyllableModifier
    )
}

/// Whether the last letter is a joining one. Marks on it, such as Arabic vowels, are skipped.
fn ends_in_joining_letter(before: &[char]) -> bool {
    let is_mark = |c: char| {
        !is_ignorable(c)
            && CodePointMapData::<JoiningType>::new().get(c) == JoiningType::Transparent
            && !is_joining(c)
    };
    before.iter().copied().rev().find(|c| !is_mark(*c)).is_some_and(is_joining)
}

fn ends_in_emoji(before: &[char]) -> bool {
    let is_style = |c: char| c == EMOJI_STYLE || CodePointSetData::new::<EmojiModifier>().contains(c);
    before.iter().copied().rev().find(|c| !is_style(*c)).is_some_and(is_pictograph)
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

fn is_ideograph(c: char) -> bool {
    CodePointSetData::new::<Ideographic>().contains(c)
}

/// Whether a tag is part of a region's flag (UTS #51 annex C). Such a flag is a black flag, three
/// to six letters or digits as tags, and the cancel tag.
fn is_flag(before: &[char], c: char, after: &[char]) -> bool {
    let is_tag = |c: &&char| (TAG_FIRST..TAG_CANCEL).contains(*c);
    let mut tags: Vec<char> = before.iter().rev().take_while(is_tag).copied().collect();
    let base = before.iter().rev().nth(tags.len());
    tags.reverse();
    if c != TAG_CANCEL {
        tags.push(c);
        let rest = after.iter().take_while(is_tag).count();
        tags.extend(&after[..rest]);
        if after.get(rest) != Some(&TAG_CANCEL) {
            return false;
        }
    }
    base == Some(&BLACK_FLAG)
        && (3..=6).contains(&tags.len())
        && tags.iter().all(|tag| matches!(tag, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Text<1, 5>, InvalidText> {
        Text::try_from(text.to_owned())
    }

    fn name(text: &str) -> Result<Text<1, 100>, InvalidText> {
        text.parse()
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
        assert_eq!(parse("a\u{2028}b"), Err(InvalidText::ControlCharacter));
        assert!(Text::<1, 5, true>::try_from("a\nb".to_owned()).is_ok());
    }

    #[test]
    fn a_text_is_normalised() {
        for (written, normal) in [
            ("Cafe\u{301}", "Café"),
            ("\u{212b}ngstro\u{308}m", "Ångström"),
            ("  Phone\u{3000}", "Phone"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("ﬁ", "ﬁ"),
        ] {
            assert_eq!(name(written).unwrap().as_str(), normal);
        }
        assert_eq!(Text::<1, 9, true>::try_from(" a\nb\n".to_owned()).unwrap().as_str(), "a\nb");
        assert_eq!(Text::<0, 9, true>::try_from(" \n".to_owned()).unwrap().as_str(), "");
    }

    #[test]
    fn length_is_that_of_the_normalised_text() {
        assert_eq!(parse(&"e\u{301}".repeat(5)).unwrap().as_str(), "ééééé");
        assert_eq!(parse(&"e\u{301}".repeat(6)), Err(InvalidText::Length { min: 1, max: 5 }));
        assert_eq!(parse("          abcde          ").unwrap().as_str(), "abcde");
        // The character with the longest unnormalised form.
        assert_eq!(parse(&"\u{3b1}\u{313}\u{300}\u{345}".repeat(5)).unwrap().as_str(), "\u{1f82}".repeat(5));
    }

    #[test]
    fn texts_that_show_nothing_are_blank() {
        for blank in [
            "\u{200b}",
            "\u{3164}",
            "\u{202e}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{feff}",
            "\u{ad}",
            "\u{34f}",
            "\u{fe0f}",
            "\u{200d}\u{200c}",
            "\u{e0041}\u{e007f}",
            "\u{2060} \u{a0}\u{3000}",
            "\u{180e}",
            "\u{1d159}",
        ] {
            assert_eq!(name(blank), Err(InvalidText::Blank), "{}", blank.escape_unicode());
        }
    }

    #[test]
    fn characters_that_reorder_text_are_refused() {
        for control in
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
                .chars()
        {
            assert_eq!(name(&format!("24.68{control}")), Err(InvalidText::BidiControl));
            let lines = Text::<0, 4000, true>::try_from(format!("a\n{control}b"));
            assert_eq!(lines, Err(InvalidText::BidiControl));
        }
    }

    #[test]
    fn invisible_characters_that_change_nothing_are_refused() {
        for text in [
            "Pho\u{200b}ne",
            "Pho\u{2060}ne",
            "Pho\u{ad}ne",
            "Pho\u{feff}ne",
            "Pho\u{3164}ne",
            "Pho\u{34f}ne",
            "Pho\u{2063}ne",
            "Pho\u{fff9}ne",
            // Joiners that join nothing.
            "Pho\u{200d}ne",
            "Pho\u{200c}ne",
            "\u{200d}Phone",
            "کتاب\u{200c}\u{200c}ها",
            "کتاب\u{200c} ها",
            "कि\u{200c}",
            "9\u{200d}",
            "🙂\u{200d}",
            "🙂\u{200d}a",
            // Selectors that select nothing.
            "a\u{fe0f}",
            "9\u{fe0f}",
            "語\u{e0100}\u{e0101}",
            "a\u{e0100}",
            "a\u{180b}",
            "🙂\u{fe0f}\u{fe0f}",
            // Tags that are not part of a flag.
            "🙂\u{e0067}\u{e0062}\u{e0065}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}",
            "🏴\u{e007f}",
            "🏴\u{e0048}\u{e0065}\u{e006c}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e0067}\u{e0067}\u{e007f}",
            "a\u{e0001}",
            // Unassigned, but reserved as ignorable.
            "a\u{2065}",
            "a\u{e0fff}",
        ] {
            assert_eq!(name(text), Err(InvalidText::Invisible), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn words_and_emoji_of_the_world_are_kept() {
        for text in [
            // Persian with a non-joiner, Arabic letter in its initial form, marks in between.
            "می\u{200c}خواهم",
            "کتاب\u{200c}ها",
            "ه\u{200d}",
            "بَ\u{200c}ب",
            // Sinhala, Marathi, Bengali, Malayalam, Kannada with joiners.
            "ශ්\u{200d}රී",
            "र\u{94d}\u{200d}य",
            "र\u{200d}\u{94d}य",
            "ക\u{d4d}\u{200c}ഷ",
            "ന\u{d4d}\u{200d}",
            "ರ\u{200d}\u{ccd}ಯ",
            // Mongolian with a variation selector and its vowel separator.
            "\u{182d}\u{180b}\u{1820}",
            "\u{1834}\u{1822}\u{1828}\u{1820}\u{180e}\u{1820}",
            // A name in Japanese with the variant of its ideograph.
            "葛\u{e0100}城",
            "❤\u{fe0f}",
            "☎\u{fe0e}",
            "1\u{fe0f}\u{20e3}",
            "©\u{fe0f}",
            "👩\u{200d}🚀",
            "👩\u{1f3fd}\u{200d}🚀",
            "🏳\u{fe0f}\u{200d}🌈",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "👁\u{fe0f}\u{200d}🗨\u{fe0f}",
            "🏴\u{200d}☠\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "🇩🇪",
            "שלום",
            "مرحبا",
            "Tiếng Việt",
            "ไทย",
            "Zoë O’Neill-Łukasz",
        ] {
            assert_eq!(
                name(text).map(|text| text.to_string()),
                Ok(normalise(text).into_owned()),
                "{}",
                text.escape_unicode()
            );
        }
    }

    /// Any text, or one of characters that compose, join and select.
    const TEXTS: &str = concat!(
        "\\PC{0,40}|",
        "[\u{300}-\u{345}\u{1f00}-\u{1fff}\u{200c}\u{200d}\u{fe0f} a\u{645}\u{915}]{0,40}",
    );

    proptest::proptest! {
        #[test]
        fn a_text_reads_as_itself(text in TEXTS) {
            if let Ok(text) = Text::<0, 40>::try_from(text) {
                proptest::prop_assert_eq!(text.as_str().parse(), Ok(text));
            }
        }
    }
}
