//! The JSON Schemas of the events, generated from their types and kept in `schemas/`.
//!
//! What was published stays: a type that changes takes a new version, and
//! `UPDATE_EXPECT=1 cargo test -p domain` writes the new version's file beside the old one. Only
//! descriptions may change within a version.

use std::borrow::Cow;

use expect_test::expect_file;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::basket::Quantity;
use crate::checkout::EmailAddress;
use crate::event::{
    BasketCheckedOut, CustomerDataCollected, CustomerDataErased, CustomerErasureRequested,
    CustomerExportRequested, Event, Fact, ProductCreated, ProductDeleted, ProductUpdated,
};
use crate::{Amount, Currency, OrderId, ProductId, Redacted, Text, Timestamp, UserName};

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
    EmailAddress => { "type": "string", "format": "email", "maxLength": 254 },
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

fn check<D: Fact + JsonSchema>() {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Event<D>>();
    schema.insert("title".to_owned(), format!("{} v{}", D::DETAIL_TYPE, D::VERSION).into());
    let file = format!("{}/schemas/{}.v{}.json", env!("CARGO_MANIFEST_DIR"), D::DETAIL_TYPE, D::VERSION);
    if let Ok(published) = std::fs::read_to_string(&file) {
        assert!(
            meaning(&serde_json::from_str(&published).unwrap()) == meaning(schema.as_value()),
            "{name} is no longer what was published as its version {version}: set VERSION to {next}, then run \
             `UPDATE_EXPECT=1 cargo test -p domain`",
            name = D::DETAIL_TYPE,
            version = D::VERSION,
            next = D::VERSION + 1,
        );
    }
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    expect_file![file].assert_eq(&text);
}

/// A schema without what it says to people. A field may be called `description`, but its schema is no text.
fn meaning(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let said = |(name, value): &(&String, &Value)| *name == "description" && value.is_string();
            let meant = members.iter().filter(|member| !said(member));
            meant.map(|(name, value)| (name.clone(), meaning(value))).collect()
        }
        Value::Array(values) => values.iter().map(meaning).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_schema_of_each_event_is_the_published_one() {
    check::<ProductCreated>();
    check::<ProductUpdated>();
    check::<ProductDeleted>();
    check::<BasketCheckedOut>();
    check::<CustomerExportRequested>();
    check::<CustomerDataCollected>();
    check::<CustomerErasureRequested>();
    check::<CustomerDataErased>();
}
