//! The stock table: key `item`, a stream, time to live `expiresAt`. It has three kinds of rows:
//!
//! - `product#<id>`: how many units of a product there are ([`Stock`]). On hand, reserved and
//!   shipped units add up to the units ever received, and none is ever below zero. The conditions
//!   of every write transaction ensure both.
//! - `order#<id>`: the reservation of an order ([`Reservation`]). A row that reserves nothing any
//!   more stays for 30 days, so that a late step finds it.
//! - `receipt#<product>#<key>`: a delivery that was counted, for 30 days.
//!
//! Rows carry the correlation id of their last change, for the stream.

mod reservations;
mod stocks;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{OrderId, ProductId, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{Item, key};
use lambdakit::dynamodb::table::Table;
use serde::{Deserialize, Serialize};

pub use reservations::{ReleaseOutcome, ReserveOutcome, ShipOutcome};
pub use stocks::{Receipt, ReceiptOutcome, Stock};

use crate::reservation::Reservation;

/// How long a finished row is kept: longer than a step can be late.
const LIFETIME_DAYS: u32 = 30;

/// The stock of the shop.
#[derive(Clone, Debug)]
pub struct StockStore {
    table: Table,
}

/// A row of a product, as the stream also contains it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockRow {
    #[serde(flatten)]
    pub(crate) stock: Stock,
    pub(crate) correlation_id: String,
}

/// A row of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservationRow {
    item: String,
    #[serde(flatten)]
    pub(crate) reservation: Reservation,
    pub(crate) updated_at: Timestamp,
    pub(crate) correlation_id: String,
    /// Unix seconds, DynamoDB's unit for its time to live; none while units are reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl StockStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

/// The kind of a row, by its key.
pub(crate) enum Kind {
    Product,
    Order,
    Receipt,
}

impl Kind {
    /// The kind of a key; none for a key of another kind.
    pub(crate) fn of(item: &str) -> Option<Self> {
        match item.split_once('#')?.0 {
            "product" => Some(Self::Product),
            "order" => Some(Self::Order),
            "receipt" => Some(Self::Receipt),
            _ => None,
        }
    }
}

fn product_key(id: ProductId) -> Item {
    key([("item", format!("product#{id}"))])
}

fn order_key(id: OrderId) -> Item {
    key([("item", order_item(id))])
}

fn order_item(id: OrderId) -> String {
    format!("order#{id}")
}

fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A part of a transaction, or the error that prevented it.
fn part<T>(
    built: Result<T, BuildError>,
    part: impl FnOnce(TransactWriteItemBuilder, T) -> TransactWriteItemBuilder,
) -> Result<TransactWriteItem, AwsError> {
    Ok(part(TransactWriteItem::builder(), built?).build())
}
