//! The JSON Schemas of the events, generated from their types and kept in `schemas/`.
//!
//! A test fails when a type and its file differ. A change that old readers can live with is
//! accepted with `UPDATE_EXPECT=1 cargo test -p domain`; any other one takes a new version.

use std::borrow::Cow;

use expect_test::expect_file;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::basket::Quantity;
use crate::checkout::Email;
use crate::event::{BasketCheckedOut, Event, Fact, ProductCreated, ProductDeleted, ProductUpdated};
use crate::{Amount, Currency, OrderId, ProductId, Text, Timestamp, UserName};

macro_rules! inline_schema {
    ($($type:ty => $schema:tt,)*) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        })*
    };
}

inline_schema! {
    Amount => { "type": "number", "minimum": 0 },
    Currency => { "type": "string", "pattern": "^[A-Z]{3}$" },
    Email => { "type": "string", "format": "email", "maxLength": 254 },
    OrderId => { "type": "string", "format": "uuid" },
    ProductId => { "type": "string", "format": "uuid" },
    Quantity => { "type": "integer", "minimum": 1, "maximum": 99 },
    Timestamp => { "type": "string", "format": "date-time" },
    UserName => { "type": "string", "pattern": "^[A-Za-z0-9._@+-]{1,128}$" },
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> JsonSchema for Text<MIN, MAX, LINES> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": MIN, "maxLength": MAX })
    }
}

fn check<D: Fact + JsonSchema>() {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Event<D>>();
    schema.insert("title".to_owned(), format!("{} v{}", D::DETAIL_TYPE, D::VERSION).into());
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let file = format!("{}/schemas/{}.v{}.json", env!("CARGO_MANIFEST_DIR"), D::DETAIL_TYPE, D::VERSION);
    expect_file![file].assert_eq(&text);
}

#[test]
fn the_schema_of_each_event_is_the_published_one() {
    check::<ProductCreated>();
    check::<ProductUpdated>();
    check::<ProductDeleted>();
    check::<BasketCheckedOut>();
}
