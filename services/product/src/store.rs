//! The product table: key `id`, index `by-category` (`category`, `id`).
//!
//! Each item holds a [`Product`] and the correlation id of its last change (`correlationId`). While
//! it is being deleted, it also holds that of its deletion (`removal`). The stream contains both.
//! The ids of the last changes (`changes`) identify a change whose response was lost, even after
//! later changes.
//!
//! The number of `available` units is a copy from inventory, with the version of the stock
//! (`stockVersion`). It does not change the product's own version, so that a sale does not
//! invalidate an editor's `If-Match`. A change of the product does not write that copy, so neither
//! overwrites the other.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use domain::product::{Category, Product, ProductPatch};
use domain::{ProductId, Timestamp};
use lambdakit::dynamodb::item::{Item, key};
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::dynamodb::table::{Table, Transaction};
use lambdakit::http::etag::Preconditions;
use lambdakit::{AwsError, telemetry};
use serde::Deserialize;
use uuid::Uuid;

/// How often a change is tried when other requests change the same product concurrently. Each
/// failed try means that another change succeeded, so this many concurrent changes all succeed.
const MAX_TRIES: usize = 50;
/// How many change ids a product stores. A change whose response was lost is made twice only if
/// this many other changes follow before its retry.
const MAX_CHANGE_IDS: usize = 8;
const BY_CATEGORY: &str = "by-category";
/// The optional attributes of a product.
const OPTIONAL: [&str; 2] = ["description", "imageFile"];

/// The products of the shop.
#[derive(Clone, Debug)]
pub struct ProductStore {
    table: Table,
}

/// The outcome of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The change was made; this is the product now.
    Done(Product),
    /// There is no such product.
    Unknown,
    /// The preconditions do not hold for the stored version.
    OtherVersion,
}

/// The outcome of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The product is deleted.
    Done,
    /// There was no such product.
    Unknown,
    /// The preconditions do not hold for the stored version.
    OtherVersion,
}

/// A product as it is stored.
#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    product: Product,
    /// Ids of the last changes, latest first.
    #[serde(default)]
    changes: Vec<Uuid>,
}

impl ProductStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Stores a new product. The write is a transaction, because DynamoDB recognises a retried
    /// transaction by its token. A retried plain write whose response was lost could restore a
    /// product that was deleted in the meantime.
    pub async fn create(&self, product: &Product) -> Result<(), AwsError> {
        let put = Put::builder()
            .table_name(self.table.name())
            .set_item(Some(item(product, vec![Uuid::now_v7()])?))
            .condition_expression("attribute_not_exists(id)")
            .build()?;
        let parts = vec![TransactWriteItem::builder().put(put).build()];
        match self.table.transact(parts, product.id.to_string()).await? {
            Transaction::Done => Ok(()),
            Transaction::Refused(_) => {
                Err(AwsError::Permanent("the id of a new product is taken".to_owned()))
            }
        }
    }

    /// The product with this id, by a consistent read.
    pub async fn get(&self, id: ProductId) -> Result<Option<Product>, AwsError> {
        self.table.get_latest(product_key(id)).await
    }

    /// A page of all products, in no particular order.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<Product>, AwsError> {
        self.table.scan(page).await
    }

    /// A page of the products in a category, oldest first.
    pub async fn list_category(
        &self,
        category: &Category,
        page: &PageRequest,
    ) -> Result<Page<Product>, AwsError> {
        let query = self
            .table
            .client()
            .query()
            .index_name(BY_CATEGORY)
            .key_condition_expression("category = :category")
            .expression_attribute_values(":category", AttributeValue::S(category.to_string()));
        self.table.query(query, page).await
    }

    /// Changes a product, if the preconditions hold for the version that is replaced.
    pub async fn update(
        &self,
        id: ProductId,
        patch: ProductPatch,
        conditions: &Preconditions,
        at: Timestamp,
    ) -> Result<Change, AwsError> {
        let change_id = Uuid::now_v7();
        for _ in 0..MAX_TRIES {
            let Some(Row { product, changes }) = self.row(id).await? else { return Ok(Change::Unknown) };
            if !conditions.hold_for(product.version) {
                return Ok(Change::OtherVersion);
            }
            let read = product.version;
            let changed = product.changed(patch.clone(), at);
            let changes = std::iter::once(change_id).chain(changes).take(MAX_CHANGE_IDS).collect();
            let update = self
                .details(&changed, changes)?
                .condition_expression("version = :read")
                .expression_attribute_values(":read", number(read))
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let there = match update.send().await {
                Ok(written) => written.attributes,
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => refusal.item.clone(),
                    _ => return Err(error.into()),
                },
            };
            let Some(there) = there else { return Ok(Change::Unknown) };
            let Row { product: there, changes } = serde_dynamo::from_item(there)?;
            match changes.first() {
                Some(last) if *last == change_id => return Ok(Change::Done(there)),
                // The SDK retried this change after it was made, and another change followed.
                _ if changes.contains(&change_id) => return Ok(Change::Done(changed)),
                _ => {}
            }
        }
        Err(AwsError::Transient("the product is changed too often".to_owned()))
    }

    /// Removes a product, if the preconditions hold for the version that is removed.
    pub async fn delete(&self, id: ProductId, conditions: &Preconditions) -> Result<Deletion, AwsError> {
        for _ in 0..MAX_TRIES {
            let Some(product) = self.get(id).await? else { return Ok(Deletion::Unknown) };
            if !conditions.hold_for(product.version) {
                return Ok(Deletion::OtherVersion);
            }
            // A deletion cannot carry a correlation id, so the item stores it first.
            let update = self.table.client().update_item().table_name(self.table.name());
            let stamp = update
                .set_key(Some(product_key(id)))
                .update_expression("SET removal = :correlationId")
                .condition_expression("version = :read")
                .expression_attribute_values(":read", number(product.version))
                .expression_attribute_values(
                    ":correlationId",
                    AttributeValue::S(telemetry::correlation_id()),
                );
            if let Err(error) = stamp.send().await {
                match error.as_service_error() {
                    Some(refusal) if refusal.is_conditional_check_failed_exception() => continue,
                    _ => return Err(error.into()),
                }
            }
            let delete = self.table.client().delete_item().table_name(self.table.name());
            let delete = delete
                .set_key(Some(product_key(id)))
                .condition_expression("version = :read")
                .expression_attribute_values(":read", number(product.version))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            match delete.send().await {
                Ok(_) => return Ok(Deletion::Done),
                Err(error) => match error.as_service_error() {
                    // Changed since the correlation id was stored.
                    Some(DeleteItemError::ConditionalCheckFailedException(refusal))
                        if refusal.item.is_some() => {}
                    // Deleted since the correlation id was stored, perhaps by this call, which the
                    // SDK retried.
                    Some(DeleteItemError::ConditionalCheckFailedException(_)) => return Ok(Deletion::Done),
                    _ => return Err(error.into()),
                },
            }
        }
        Err(AwsError::Transient("the product is changed too often".to_owned()))
    }

    async fn row(&self, id: ProductId) -> Result<Option<Row>, AwsError> {
        self.table.get_latest(product_key(id)).await
    }

    /// Stores the number of units for sale, as reported by inventory. Returns `false` if there is
    /// no such product, or the stored stock version is not older.
    pub async fn set_available(&self, id: ProductId, available: u64, version: u64) -> Result<bool, AwsError> {
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(product_key(id)))
            .update_expression("SET available = :available, stockVersion = :version")
            .condition_expression(
                "attribute_exists(id) AND (attribute_not_exists(stockVersion) OR stockVersion < :version)",
            )
            .expression_attribute_values(":available", number(available))
            .expression_attribute_values(":version", number(version));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    /// Writes all of a product except its `available` units.
    fn details(&self, product: &Product, changes: Vec<Uuid>) -> Result<UpdateItemFluentBuilder, AwsError> {
        let mut item = item(product, changes)?;
        item.remove("id");
        item.remove("available");
        let gone: Vec<_> = OPTIONAL.into_iter().filter(|name| !item.contains_key(*name)).collect();
        let set: Vec<_> = item.keys().map(|name| format!("#{name} = :{name}")).collect();
        let mut expression = format!("SET {}", set.join(", "));
        if !gone.is_empty() {
            expression = format!("{expression} REMOVE {}", gone.join(", "));
        }
        let update = self.table.client().update_item().table_name(self.table.name());
        let update = update.set_key(Some(product_key(product.id))).update_expression(expression);
        Ok(item.into_iter().fold(update, |update, (name, value)| {
            update
                .expression_attribute_values(format!(":{name}"), value)
                .expression_attribute_names(format!("#{name}"), name)
        }))
    }
}

fn item(product: &Product, changes: Vec<Uuid>) -> Result<Item, AwsError> {
    let mut item: Item = serde_dynamo::to_item(product)?;
    item.insert("correlationId".to_owned(), AttributeValue::S(telemetry::correlation_id()));
    item.insert("changes".to_owned(), serde_dynamo::to_attribute_value(changes)?);
    Ok(item)
}

fn product_key(id: ProductId) -> Item {
    key([("id", id.to_string())])
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
