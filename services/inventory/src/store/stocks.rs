use aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::{ProductId, Timestamp};
use lambdakit::dynamodb::item::key;
use lambdakit::dynamodb::table::Transaction;
use lambdakit::idempotency::IdempotencyKey;
use lambdakit::{AwsError, telemetry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LIFETIME_DAYS, StockStore, number, part, product_key};

/// How many units of a product there are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stock {
    /// The product.
    pub product_id: ProductId,
    /// Units that can be sold.
    pub on_hand: u64,
    /// Units reserved for orders.
    pub reserved: u64,
    /// Units ever received: on hand, reserved and shipped together.
    pub received: u64,
    /// Units that have been shipped.
    pub shipped: u64,
    /// Counts the changes.
    pub version: u64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A delivery of units to the warehouse.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The product.
    pub product_id: ProductId,
    /// How many units.
    pub quantity: u32,
    /// Identifies the delivery, so that it is not counted twice.
    pub key: IdempotencyKey,
}

/// The outcome of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    /// It is counted, now or earlier; this is the current stock.
    Counted(Stock),
    /// Its key was used for another number of units.
    KeyReused,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptRow {
    item: String,
    quantity: u32,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

impl StockStore {
    /// How many units of a product there are; none if no units were ever received.
    pub async fn stock(&self, id: ProductId) -> Result<Option<Stock>, AwsError> {
        self.table.get_latest(product_key(id)).await
    }

    /// Counts a delivery, once.
    pub async fn take_in(&self, receipt: &Receipt) -> Result<ReceiptOutcome, AwsError> {
        let parts = vec![self.receipt(receipt)?, self.taking_in(receipt)?];
        let written = self.table.transact(parts, Uuid::now_v7().to_string()).await?;
        if written != Transaction::Done {
            let there: Option<ReceiptRow> = self.table.get_latest(key([("item", item(receipt))])).await?;
            if there.is_some_and(|there| there.quantity != receipt.quantity) {
                return Ok(ReceiptOutcome::KeyReused);
            }
        }
        let stock = self.stock(receipt.product_id).await?;
        stock
            .map(ReceiptOutcome::Counted)
            .ok_or_else(|| AwsError::Permanent("what was taken in is not there".to_owned()))
    }

    fn receipt(&self, receipt: &Receipt) -> Result<TransactWriteItem, AwsError> {
        let now = Timestamp::now();
        let row = ReceiptRow {
            item: item(receipt),
            quantity: receipt.quantity,
            expires_at: now.plus_days(LIFETIME_DAYS).unix_seconds(),
        };
        let put = Put::builder()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(row)?))
            // Expired rows may still be there: DynamoDB removes them within days.
            .condition_expression("attribute_not_exists(#item) OR expiresAt <= :now")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":now", number(now.unix_seconds()))
            .build();
        part(put, TransactWriteItemBuilder::put)
    }

    fn taking_in(&self, receipt: &Receipt) -> Result<TransactWriteItem, AwsError> {
        let update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(product_key(receipt.product_id)))
            .update_expression(
                "SET productId = :id, onHand = if_not_exists(onHand, :none) + :units, \
                 received = if_not_exists(received, :none) + :units, \
                 reserved = if_not_exists(reserved, :none), shipped = if_not_exists(shipped, :none), \
                 updatedAt = :now, correlationId = :correlationId, \
                 version = if_not_exists(version, :first) + :one",
            )
            // Above the versions of any earlier table: consumers ignore lower ones.
            .expression_attribute_values(":first", number(Timestamp::now().unix_millis()))
            .expression_attribute_values(":id", AttributeValue::S(receipt.product_id.to_string()))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":units", number(receipt.quantity))
            .expression_attribute_values(":now", AttributeValue::S(Timestamp::now().to_string()))
            .expression_attribute_values(":correlationId", AttributeValue::S(telemetry::correlation_id()))
            .expression_attribute_values(":one", number(1))
            .build();
        part(update, TransactWriteItemBuilder::update)
    }
}

fn item(Receipt { product_id, key, .. }: &Receipt) -> String {
    format!("receipt#{product_id}#{}", key.as_str())
}
