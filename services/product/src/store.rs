//! The product table: key `id`, index `by-category` (`category`, `id`).
//!
//! Each item holds a [`Product`], the correlation id of its last change (`correlationId`) and, while
//! it is being deleted, of its deletion (`removal`), both for the stream, and an id of its last
//! change (`changeId`), by which a change whose answer was lost knows itself.

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
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
        let put = self.put(product, Uuid::now_v7())?.condition_expression("attribute_not_exists(id)");
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
            let put = self
                .put(&changed, change_id)?
                .condition_expression("version = :read")
                .expression_attribute_values(":read", AttributeValue::N(read.to_string()))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            match Put::of(put.send().await)? {
                Put::Done => return Ok(Change::Done(changed)),
                // Refused perhaps because of itself: the SDK sends a write again whose answer was lost.
                Put::Refused(Some(there)) if is_change(&there, change_id) => {
                    return Ok(Change::Done(changed));
                }
                Put::Refused(_) => {}
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

    fn put(&self, product: &Product, change_id: Uuid) -> Result<PutItemFluentBuilder, StoreError> {
        let put = self.table.client().put_item().table_name(self.table.name());
        Ok(put
            .set_item(Some(serde_dynamo::to_item(product)?))
            .item("correlationId", AttributeValue::S(telemetry::correlation_id()))
            .item("changeId", AttributeValue::S(change_id.to_string())))
    }
}

fn product_key(id: ProductId) -> Item {
    key([("id", id.to_string())])
}

fn is_change(item: &Item, change_id: Uuid) -> bool {
    item.get("changeId") == Some(&AttributeValue::S(change_id.to_string()))
}
