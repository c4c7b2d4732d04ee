//! The words of a text, in the one form in which they are stored and looked up.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_segmentation::UnicodeSegmentation;

/// Maximum length of a word, in characters. Longer ones are shortened, in texts as in queries.
const MAX_CHARACTERS: usize = 32;

/// The words of a text, folded.
///
/// Words are those of UAX #29, further divided at punctuation: `node.js` are two. Each character of
/// Chinese, and each hiragana, is a word, because these scripts have no spaces; so a part of a
/// sentence is found without a dictionary.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded
        .unicode_words()
        .flat_map(|word| word.split(is_punctuation))
        // A mark belongs to what it follows, which was divided from it.
        .map(|word| word.trim_start_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_CHARACTERS).collect())
        .collect()
}

/// Punctuation that UAX #29 keeps within a word.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || matches!(c, '\u{b7}' | '\u{2018}' | '\u{2019}' | '\u{2027}' | '\u{203f}')
}

/// Removes the differences of case, accents, width and ligatures.
fn fold(text: &str) -> String {
    let classes = CanonicalCombiningClassMapBorrowed::new();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mut folded = String::with_capacity(text.len());
    DecomposingNormalizerBorrowed::new_nfkd()
        .normalize_iter(text.chars())
        .filter(|&c| !is_accent(classes.get_u8(c)) && !ignorable.contains(c))
        // By way of upper case, because only there `ß` is `SS`, and both sigmas are one.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .for_each(|c| match c {
            // Unicode does not decompose letters with a stroke and Latin ligatures.
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            _ => folded.push(c),
        });
    ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned()
}

/// Whether marks of this combining class are accents: overlays, the points of Hebrew, Arabic and
/// Syriac, and marks above and below. The marks of kana, Indic scripts and Thai are parts of
/// letters, and are kept.
fn is_accent(class: u8) -> bool {
    matches!(class, 1 | 10..=36 | 202..=240)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_a_word_are_one() {
        for (texts, folded) in [
            (&["Café", "CAFE\u{301}", "cafe", "ｃａｆｅ"][..], "cafe"),
            (&["Straße", "STRASSE", "strasse"], "strasse"),
            (&["Łódź", "lodz"], "lodz"),
            (&["smørebrød", "SMOREBROD"], "smorebrod"),
            (&["Œuvre", "oeuvre"], "oeuvre"),
            (&["ﬁlter", "Filter"], "filter"),
            (&["ΟΔΟΣ", "οδός", "οδος"], "οδοσ"),
            (&["İstanbul", "ISTANBUL", "ıstanbul"], "istanbul"),
            (&["Ёлка", "елка"], "елка"),
            (&["שָׁלוֹם", "שלום"], "שלום"),
            (&["كِتَاب", "كتاب"], "كتاب"),
            (&["ﾃﾚﾋﾞ", "テレビ"], "テレビ"),
            (&["한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"], "한글"),
        ] {
            for text in texts {
                assert_eq!(words(text), [folded], "{text}");
            }
        }
    }

    #[test]
    fn marks_that_are_parts_of_letters_are_kept() {
        assert_ne!(words("が"), words("か"));
        assert_ne!(words("कि"), words("क"));
    }

    #[test]
    fn texts_are_divided_into_words() {
        for (text, expected) in [
            ("A phone, with a (big) notch!", &["a", "phone", "with", "a", "big", "notch"][..]),
            ("Wi-Fi node.js l'été men’s 3.5", &["wi", "fi", "node", "js", "l", "ete", "men", "s", "3", "5"]),
            ("手机壳 iPhone", &["手", "机", "壳", "iphone"]),
            ("スマートフォンのケース", &["スマートフォン", "の", "ケース"]),
            ("휴대폰 케이스", &["휴대폰", "케이스"]),
            ("שולחן עבודה", &["שולחן", "עבודה"]),
            ("snake_case", &["snake", "case"]),
            (" -- !? ... 😀 ", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(500)), ["x".repeat(32)]);
    }

    proptest! {
        #[test]
        fn words_are_made_of_no_separators_and_stay_as_they_are(text in r"\PC{0,60}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && !word.contains([' ', '|', '#', '-']), "{word:?}");
                prop_assert_eq!(words(&word).concat(), word);
            }
        }
    }
}
