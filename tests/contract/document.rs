//! The OpenAPI document matches the published one.

use expect_test::expect_file;
use lambdakit::http::openapi::document;

use crate::{ABOUT, operations};

/// `UPDATE_EXPECT=1 cargo test -p shop-tests --test contract` accepts the changes.
#[test]
fn the_description_is_made_of_the_types() {
    let made = document(ABOUT, operations());
    let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json")].assert_eq(&text);
}
