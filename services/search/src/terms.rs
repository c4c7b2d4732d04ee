//! What a product is found by.

use std::collections::{BTreeMap, HashSet};

use contracts::product::ProductSnapshot;
use domain::ProductId;
use serde::{Deserialize, Serialize};

use crate::words::words;

/// Maximum number of words of a product. Those of its name come first, and those of its category
/// before those of its description.
const MAX_WORDS: usize = 40;
/// Maximum size of a product's words in bytes. With its key, a posting stays below the kilobyte that
/// a write unit pays for.
const MAX_BYTES: usize = 640;
/// Maximum length of the title in bytes.
const MAX_TITLE_BYTES: usize = 60;
/// Maximum length of the beginnings of words that have a list, in characters.
const MAX_PREFIX: usize = 6;

/// The words of a product, by the fields they are from, and the title that it is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The words of the name, joined by a character that sorts behind the `#` of a posting's key.
    title: String,
    words: Words,
}

/// Words of fields, each word once: ` name | category | description `. Every word has a space before
/// and behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(String);

impl Words {
    /// The place of the first field with this word, from 0.
    #[must_use]
    pub fn field_with(&self, word: &str) -> Option<usize> {
        self.field_with_text(&format!(" {word} "))
    }

    /// The place of the first field with a word that begins like this.
    #[must_use]
    pub fn field_with_prefix(&self, prefix: &str) -> Option<usize> {
        self.field_with_text(&format!(" {prefix}"))
    }

    fn field_with_text(&self, text: &str) -> Option<usize> {
        let place = self.0.find(text)?;
        Some(self.0[..place].matches('|').count())
    }
}

impl Terms {
    /// The terms of a product.
    #[must_use]
    pub fn of(product: &ProductSnapshot) -> Self {
        let name = words(product.name.as_str());
        let mut title = String::new();
        for word in &name {
            let joint = if title.is_empty() { "" } else { "-" };
            if title.len() + joint.len() + word.len() > MAX_TITLE_BYTES {
                break;
            }
            title.extend([joint, word]);
        }
        let category = words(product.category.as_str());
        let description = product.description.as_ref().map_or_else(Vec::new, |text| words(text.as_str()));
        let (mut text, mut seen) = (String::from(" "), HashSet::new());
        for (field, words) in [name, category, description].into_iter().enumerate() {
            if field > 0 {
                text.push_str("| ");
            }
            for word in words {
                if seen.len() < MAX_WORDS && text.len() + word.len() < MAX_BYTES && seen.insert(word.clone())
                {
                    text.extend([&word, " "]);
                }
            }
        }
        Self { title, words: Words(text) }
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The postings of the product with these terms: the list of each, and its place in the list.
    /// Lists are sorted by field, then by title.
    #[must_use]
    pub fn postings(&self, id: ProductId) -> BTreeMap<String, String> {
        let mut lists = BTreeMap::new();
        for (field, words) in self.words.0.split('|').enumerate() {
            for word in words.split_whitespace() {
                for length in 1..=MAX_PREFIX.min(word.chars().count()) {
                    // The first field is the best one.
                    lists
                        .entry(beginning(word, length))
                        .or_insert_with(|| format!("{field}#{}#{id}", self.title));
                }
            }
        }
        lists
    }
}

/// The list with the postings of a word, and of others that begin like it.
#[must_use]
pub fn list_of(word: &str) -> String {
    beginning(word, MAX_PREFIX)
}

fn beginning(word: &str, length: usize) -> String {
    word.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn product(name: &str, category: &str, description: &str) -> ProductSnapshot {
        ProductSnapshot {
            id: ProductId::new(Timestamp::from_unix_millis(1_769_860_800_000)),
            name: name.parse().unwrap(),
            description: Some(description.parse().unwrap()),
            category: category.parse().unwrap(),
            image_file: None,
            price: 10.into(),
            currency: "USD".parse().unwrap(),
            version: 1,
        }
    }

    #[test]
    fn a_word_is_found_in_its_best_field() {
        let terms = Terms::of(&product("Ferrum Lamp", "Lamps", "A lamp of iron for lamps"));
        assert_eq!(terms.words.0, " ferrum lamp | lamps | a of iron for ");
        let field = |word| terms.words().field_with(word);
        assert_eq!(
            [field("lamp"), field("lamps"), field("iron"), field("fer")],
            [Some(0), Some(1), Some(2), None]
        );
        let field = |word| terms.words().field_with_prefix(word);
        assert_eq!(
            [field("fer"), field("i"), field("lamps"), field("umlamp")],
            [Some(0), Some(2), Some(1), None]
        );
    }

    #[test]
    fn each_beginning_has_one_posting_up_to_six_characters() {
        let product = product("Ferrum", "Fern", "Fermenter");
        let postings = Terms::of(&product).postings(product.id);
        let of = |field: u8| format!("{field}#ferrum#{}", product.id);
        let expected = [
            ("f", of(0)),
            ("fe", of(0)),
            ("fer", of(0)),
            ("ferm", of(2)),
            ("ferme", of(2)),
            ("fermen", of(2)),
            ("fern", of(1)),
            ("ferr", of(0)),
            ("ferru", of(0)),
            ("ferrum", of(0)),
        ];
        assert_eq!(postings, expected.map(|(list, place)| (list.to_owned(), place)).into());
        assert!(postings.contains_key(&list_of("fermenting")));
    }

    #[test]
    fn the_largest_product_has_a_bounded_number_of_small_postings() {
        let words: Vec<_> = (0..600).map(|number| format!("{}{number}", "в".repeat(number % 3))).collect();
        let product = product(&"語".repeat(500), &"ж".repeat(200), &words.join(" "));
        let terms = Terms::of(&product);
        let postings = terms.postings(product.id);
        assert!(postings.len() <= MAX_WORDS * MAX_PREFIX, "{}", postings.len());
        for (list, place) in postings {
            assert!(list.len() + place.len() + terms.words.0.len() < 1000);
        }
    }

    #[test]
    fn titles_sort_before_longer_ones() {
        let terms = |name| Terms::of(&product(name, "x", ""));
        let id = ProductId::new(Timestamp::now());
        let place = |name| terms(name).postings(id).remove("a").unwrap();
        assert!(place("A") < place("A 1") && place("A 1") < place("A Z") && place("A Z") < place("Aa"));
    }
}
