//! Opaque cursors of lists.
//!
//! A cursor is a position in one list. It has a checksum over that list and position, so a cursor
//! that is damaged, or made for another list, is refused. It is not a secret: the list's key always
//! comes from the request, so a forged cursor gives access to nothing else.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::aws::AwsError;
use crate::dynamodb::item::Item;

const CHECKSUM_LENGTH: usize = 8;

/// The cursor of a position in a list. `list` names the list, including all its filters.
///
/// # Errors
/// When the key has attributes other than strings.
pub(crate) fn encode(list: &str, key: Item) -> Result<String, AwsError> {
    let key: BTreeMap<String, String> = serde_dynamo::from_item(key)?;
    let json = serde_json::to_vec(&key).map_err(|error| AwsError::Permanent(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode([&checksum(list, &json)[..], &json].concat()))
}

/// The position of a cursor; none if it is not a cursor of this list.
pub(crate) fn decode(list: &str, cursor: &str) -> Option<Item> {
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
        crate::dynamodb::item::key([("id", id.to_owned())])
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
}
