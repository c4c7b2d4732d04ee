//! JSON Schemas of the types that validate themselves.
//!
//! A schema for deserialization contains the whole validation: lengths, patterns and reserved
//! names. Serialized values have passed it, so their schema describes only what a consumer must
//! handle.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::basket::Quantity;
use crate::checkout::EmailAddress;
use crate::product::Price;
use crate::text;
use crate::{
    Amount, Currency, CustomerId, DateRange, ItemId, OrderId, ProductId, Redacted, Text, Timestamp, UserName,
};

/// An ASCII local part; a domain in any script, with a character that UTS #46 treats as a full
/// stop.
const EMAIL_PATTERN: &str = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[^\s@]+[.\u3002\uff0e\uff61][^\s@]+$";

macro_rules! inline_schema {
    ($($type:ty => $schema:tt $(and reading $check:tt)?,)*) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            #[allow(unused_mut, unused_variables, reason = "not every type has more to check")]
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let mut schema = json_schema!($schema);
                $(if generator.contract().is_deserialize() {
                    schema.ensure_object().extend(json_schema!($check).ensure_object().clone());
                })?
                schema
            }
        })*
    };
}

inline_schema! {
    Amount => { "type": "number", "minimum": 0 },
    Currency => { "type": "string", "pattern": "^[A-Z]{3}$" },
    CustomerId => { "type": "string", "format": "uuid" },
    DateRange => { "anyOf": [
        { "type": "string", "format": "date-time" },
        { "type": "string", "format": "date" },
    ] },
    EmailAddress => { "type": "string", "format": "email", "maxLength": 254 }
        and reading { "format": "idn-email", "pattern": EMAIL_PATTERN },
    ItemId => { "type": "string", "format": "uuid" },
    OrderId => { "type": "string", "format": "uuid" },
    Price => { "type": "number", "minimum": 0, "maximum": Price::MAX },
    ProductId => { "type": "string", "format": "uuid" },
    Quantity => { "type": "integer", "minimum": 1, "maximum": Quantity::MAX },
    Timestamp => { "type": "string", "format": "date-time" },
    UserName => { "type": "string", "pattern": "^[A-Za-z0-9._@+-]{1,128}$" }
        and reading { "not": { "anyOf": [{ "enum": UserName::RESERVED }, { "pattern": LIKE_AN_ID }] } },
}

/// As many hexadecimal digits as a UUID has, with hyphens anywhere.
const LIKE_AN_ID: &str = "^-*([0-9A-Fa-f]-*){32}$";

/// The characters of the Basic Multilingual Plane for which `is_member` is true, as the inside of a
/// character class. Characters beyond it are left out: pattern languages write them in different
/// ways.
fn class_of(is_member: impl Fn(char) -> bool) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for c in ('\0'..='\u{ffff}').filter(|c| is_member(*c)).map(u32::from) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == c => *last = c,
            _ => ranges.push((c, c)),
        }
    }
    let range = |(first, last): &(u32, u32)| {
        if first == last { format!("\\u{first:04x}") } else { format!("\\u{first:04x}-\\u{last:04x}") }
    };
    ranges.iter().map(range).collect()
}

/// Whether a character is rejected anywhere in a text.
fn is_refused(c: char, lines: bool) -> bool {
    (text::is_control(c) && !(lines && text::is_line_break(c)))
        || text::is_bidi_control(c)
        || (text::is_ignorable(c) && !text::is_joiner_or_selector(c))
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> JsonSchema for Text<MIN, MAX, LINES> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "minLength": MIN, "maxLength": MAX });
        if generator.contract().is_deserialize() {
            let not = class_of(|c| is_refused(c, LINES));
            // A text that must not be blank contains a visible character.
            let blank = class_of(|c| !c.is_whitespace() && (text::is_blank(c) || is_refused(c, false)));
            let some = if MIN == 0 { String::new() } else { format!(r"[^\s{blank}][^{not}]*") };
            schema.insert("pattern".to_owned(), format!("^[^{not}]*{some}$").into());
        }
        schema
    }
}

impl<T: JsonSchema> JsonSchema for Redacted<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_of_characters_has_its_members_and_no_others() {
        assert_eq!(class_of(|c| ('a'..='c').contains(&c) || c == 'x'), r"\u0061-\u0063\u0078");
    }

    #[test]
    fn values_that_the_schema_refuses_are_refused() {
        for c in ('\0'..='\u{ffff}').filter(|c| is_refused(*c, false)) {
            for text in
                [format!("a{c}"), format!("a{c}a"), format!("{c}a"), format!("می{c}خ"), format!("👩{c}🚀")]
            {
                assert!(Text::<1, 100>::try_from(text).is_err(), "{}", c.escape_unicode());
            }
        }
        for c in ('\0'..='\u{ffff}').filter(|c| is_refused(*c, true)) {
            assert!(Text::<1, 100, true>::try_from(format!("a{c}a")).is_err(), "{}", c.escape_unicode());
        }
    }
}
