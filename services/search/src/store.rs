//! The search table: keys `item` and `sort`. The crate's documentation describes its items.

mod find;
mod update;

use domain::product::{Category, ImageFile, ProductName};
use domain::{Money, ProductId};
use lambdakit::dynamodb::item::{Item, key};
use lambdakit::dynamodb::table::Table;
use serde::{Deserialize, Serialize};

use crate::terms::{Terms, Words};

/// The index, and the products in it.
#[derive(Clone, Debug)]
pub struct SearchStore {
    table: Table,
}

impl SearchStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

/// A product as the answer shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// The product.
    pub id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// The file name or URL of its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_file: Option<ImageFile>,
    /// Its category.
    pub category: Category,
    /// The unit price.
    pub price: Money,
}

/// A product and what it is found by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// The product.
    pub product: Product,
    /// What it is found by.
    pub terms: Terms,
}

/// The row of a product.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    version: u64,
    /// `None` for a product that was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    indexed: Option<Indexed>,
    /// The terms of earlier versions, while their postings may still exist, and while those of this
    /// version may be missing. `None` when the postings are complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stale: Option<Vec<Terms>>,
    /// When a tombstone expires, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// A posting, as it is read.
#[derive(Debug, Deserialize)]
struct Posting {
    sort: String,
    words: Words,
}

fn row_key(id: ProductId) -> Item {
    key([("item", format!("product#{id}")), ("sort", "product".to_owned())])
}

fn list_item(list: &str) -> String {
    format!("list#{list}")
}

fn posting_key(list: &str, sort: String) -> Item {
    key([("item", list_item(list)), ("sort", sort)])
}
