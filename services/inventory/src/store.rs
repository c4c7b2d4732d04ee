//! The stock table: key `item`, a stream, time to live `expiresAt`. It has three kinds of rows:
//!
//! - `product#<id>`: how many units of a product there are ([`Stock`]). On hand, reserved and shipped together are as
//!   many as were ever taken in, and none of them is ever below nothing: every write is a transaction whose conditions
//!   see to it.
//! - `order#<id>`: what an order has set aside ([`Reservation`]). What is settled for good stays for 30 days, so that a
//!   step which comes late finds it.
//! - `receipt#<product>#<key>`: that a delivery was counted, for 30 days.
//!
//! Rows carry the correlation id of their last change, for the stream.

mod reservations;
mod stocks;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::{OrderId, ProductId, Timestamp};
use lambdakit::AwsError;
use lambdakit::table::{Item, Table, key};
use serde::{Deserialize, Serialize};

pub use reservations::{ReleaseOutcome, ReserveOutcome, ShipOutcome};
pub use stocks::{Receipt, ReceiptOutcome, Stock};

use crate::reservation::Reservation;

/// How long a row is kept that nothing happens to any more: longer than a step can be late.
const LIFETIME_DAYS: u32 = 30;

/// The stock of the shop.
#[derive(Clone, Debug)]
pub struct StockStore {
    table: Table,
}

/// A row of a product as the stream shows it, too.
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
    /// Unix seconds, DynamoDB's unit for its time to live; none while units are set aside.
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

/// What a row is about, by its key.
pub(crate) enum Kind {
    Product,
    Order,
    Receipt,
}

impl Kind {
    /// Tells rows apart; none of these for a key that is none of ours.
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

/// A part of a transaction, or why it is none.
fn part<T>(
    built: Result<T, BuildError>,
    part: impl FnOnce(TransactWriteItemBuilder, T) -> TransactWriteItemBuilder,
) -> Result<TransactWriteItem, AwsError> {
    let built = built.map_err(|error| AwsError::Permanent(error.to_string()))?;
    Ok(part(TransactWriteItem::builder(), built).build())
}
