//! The product table: key `id`, index `by-category` (`category`, `id`).
//!
//! Each item holds a [`Product`], the correlation id of its last change (`correlationId`) and, while
//! it is being deleted, of its deletion (`removal`), both for the stream, and an id of its last
//! change (`changeId`), by which a change whose answer was lost knows itself.
//!
//! How many pieces are `available` is a copy of what the warehouse says, with the version of its stock
//! (`stockVersion`). It is no change of the product: it leaves the product's own version alone, so that no editor's
//! `If-Match` breaks because somebody bought one. And a change of the product writes all but that copy, so neither undoes
//! the other.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::product::{Category, Product, ProductPatch};
use domain::{ProductId, Timestamp};
use lambdakit::etag::IfMatch;
use lambdakit::page::{Page, PageRequest};
use lambdakit::table::{Item, Put, Table, key};
use lambdakit::{StoreError, telemetry};
use uuid::Uuid;

/// How often a change is tried when others change the same product at the same time. Each lost
/// try means that one of them has won, so this many changes at once are sure to get through.
const MOST_TRIES: usize = 50;
const BY_CATEGORY: &str = "by-category";
/// What a product may be without.
const OPTIONAL: [&str; 2] = ["description", "imageFile"];

/// The products of the shop.
#[derive(Clone, Debug)]
pub struct ProductStore {
    table: Table,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made; this is the product now.
    Done(Product),
    /// There is no such product.
    Unknown,
    /// The product has none of the versions that were asked for.
    OtherVersion,
}

impl ProductStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Keeps a new product.
    pub async fn create(&self, product: &Product) -> Result<(), StoreError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(item(product, Uuid::now_v7())?))
            .condition_expression("attribute_not_exists(id)");
        // Its id is new: if there is such a product, it is this one, kept by a try whose answer was lost.
        Put::of(put.send().await)?;
        Ok(())
    }

    /// The product of this id, as it was left by the last answered change.
    pub async fn get(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        self.table.get_latest(product_key(id)).await
    }

    /// A page of all products, in no particular order.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError> {
        self.table.scan(page).await
    }

    /// A page of the products in a category, oldest first.
    pub async fn list_category(
        &self,
        category: &Category,
        page: &PageRequest,
    ) -> Result<Page<Product>, StoreError> {
        let query = self
            .table
            .client()
            .query()
            .index_name(BY_CATEGORY)
            .key_condition_expression("category = :category")
            .expression_attribute_values(":category", AttributeValue::S(category.to_string()));
        self.table.query(query, page).await
    }

    /// Changes a product, if it has one of the versions asked for.
    pub async fn update(
        &self,
        id: ProductId,
        patch: ProductPatch,
        if_match: Option<IfMatch>,
        at: Timestamp,
    ) -> Result<Change, StoreError> {
        let change_id = Uuid::now_v7();
        for _ in 0..MOST_TRIES {
            let Some(product) = self.get(id).await? else { return Ok(Change::Unknown) };
            if if_match.as_ref().is_some_and(|IfMatch(versions)| !versions.contains(&product.version)) {
                return Ok(Change::OtherVersion);
            }
            let read = product.version;
            let changed = product.changed(patch.clone(), at);
            let update = self
                .details(&changed, change_id)?
                .condition_expression("version = :read")
                .expression_attribute_values(":read", AttributeValue::N(read.to_string()))
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let there = match update.send().await {
                Ok(written) => written.attributes,
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                        // Refused perhaps because of itself: the SDK sends a write again whose answer was lost.
                        refusal.item.clone().filter(|there| is_change(there, change_id))
                    }
                    _ => return Err(error.into()),
                },
            };
            if let Some(there) = there {
                return Ok(Change::Done(serde_dynamo::from_item(there)?));
            }
        }
        Err(StoreError::Unavailable("the product is changed too often".to_owned()))
    }

    /// Removes a product; `false` when there was none.
    pub async fn delete(&self, id: ProductId) -> Result<bool, StoreError> {
        // A deleted item cannot say on whose request it went, so it says so before.
        let update = self.table.client().update_item().table_name(self.table.name());
        let stamp = update
            .set_key(Some(product_key(id)))
            .update_expression("SET removal = :correlationId")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":correlationId", AttributeValue::S(telemetry::correlation_id()));
        if let Err(error) = stamp.send().await {
            return match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(false),
                _ => Err(error.into()),
            };
        }
        let delete = self.table.client().delete_item().table_name(self.table.name());
        delete.set_key(Some(product_key(id))).send().await?;
        Ok(true)
    }

    /// Takes over what the warehouse says of a product; `false` when there is no such product, or something later is
    /// known of it already.
    pub async fn set_available(
        &self,
        id: ProductId,
        available: u64,
        version: u64,
    ) -> Result<bool, StoreError> {
        let number = |number: u64| AttributeValue::N(number.to_string());
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

    /// Writes all of a product but what the warehouse says of it.
    fn details(&self, product: &Product, change_id: Uuid) -> Result<UpdateItemFluentBuilder, StoreError> {
        let mut item = item(product, change_id)?;
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

fn item(product: &Product, change_id: Uuid) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(product)?;
    item.insert("correlationId".to_owned(), AttributeValue::S(telemetry::correlation_id()));
    item.insert("changeId".to_owned(), AttributeValue::S(change_id.to_string()));
    Ok(item)
}

fn product_key(id: ProductId) -> Item {
    key([("id", id.to_string())])
}

fn is_change(item: &Item, change_id: Uuid) -> bool {
    item.get("changeId") == Some(&AttributeValue::S(change_id.to_string()))
}
