//! The product table: key `id`, index `by-category` (`category`, `id`).
//!
//! Each item holds a [`Product`] and the correlation id of its last change, for the stream.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::product::{Category, Product, ProductPatch};
use domain::{ProductId, Timestamp};
use lambdakit::etag::IfMatch;
use lambdakit::page::{Page, PageRequest};
use lambdakit::{StoreError, telemetry};
use serde::Serialize;

const BY_CATEGORY: &str = "by-category";

/// The products of the shop.
#[derive(Clone, Debug)]
pub struct ProductStore {
    client: Client,
    table: String,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made; this is the product now.
    Done(Box<Product>),
    /// There is no such product.
    Unknown,
    /// The product has none of the versions that were asked for.
    OtherVersion,
}

impl ProductStore {
    /// The store in this table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Keeps a new product.
    pub async fn create(&self, product: &Product, correlation_id: &str) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(product)?))
            .item("correlationId", AttributeValue::S(correlation_id.to_owned()))
            .condition_expression("attribute_not_exists(id)")
            .send()
            .await?;
        Ok(())
    }

    /// The product of this id.
    pub async fn get(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        let found = self.client.get_item().table_name(&self.table).set_key(Some(key(id))).send().await?;
        Ok(found.item.map(serde_dynamo::from_item).transpose()?)
    }

    /// A page of all products, in no particular order.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError> {
        let found = self
            .client
            .scan()
            .table_name(&self.table)
            .limit(page.limit())
            .set_exclusive_start_key(page.start())
            .send()
            .await?;
        page.page(found.items.unwrap_or_default(), found.last_evaluated_key)
    }

    /// A page of the products in a category, oldest first.
    pub async fn list_category(
        &self,
        category: &Category,
        page: &PageRequest,
    ) -> Result<Page<Product>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_CATEGORY)
            .key_condition_expression("category = :category")
            .expression_attribute_values(":category", AttributeValue::S(category.to_string()))
            .limit(page.limit())
            .set_exclusive_start_key(page.start())
            .send()
            .await?;
        page.page(found.items.unwrap_or_default(), found.last_evaluated_key)
    }

    /// Changes a product, if it has one of the versions asked for.
    pub async fn update(
        &self,
        id: ProductId,
        patch: ProductPatch,
        if_match: Option<IfMatch>,
        at: Timestamp,
    ) -> Result<Change, StoreError> {
        let mut update = UpdateExpression::default();
        update.set("name", patch.name.map(Some))?;
        update.set("description", patch.description)?;
        update.set("imageFile", patch.image_file)?;
        update.set("category", patch.category.map(Some))?;
        update.set("price", patch.price.map(Some))?;
        update.set("updatedAt", Some(Some(at)))?;
        update.set("correlationId", Some(Some(telemetry::correlation_id())))?;
        let versions = if_match.map(|IfMatch(versions)| update.versions(versions));
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(id)))
            .update_expression(update.expression())
            .condition_expression(versions.unwrap_or("attribute_exists(id)".to_owned()))
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(updated) => Ok(Change::Done(serde_dynamo::from_item(updated.attributes.unwrap_or_default())?)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(if refusal.item.is_some() { Change::OtherVersion } else { Change::Unknown })
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Removes a product; `false` when there was none.
    pub async fn delete(&self, id: ProductId) -> Result<bool, StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(id)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await?;
        Ok(deleted.attributes.is_some())
    }
}

fn key(id: ProductId) -> HashMap<String, AttributeValue> {
    HashMap::from([("id".to_owned(), AttributeValue::S(id.to_string()))])
}

/// An update expression in the making: what is set, what is removed, and their placeholders.
#[derive(Default)]
struct UpdateExpression {
    set: Vec<String>,
    remove: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl UpdateExpression {
    /// Sets an attribute to a value, removes it (`Some(None)`) or leaves it (`None`).
    fn set(&mut self, name: &str, value: Option<Option<impl Serialize>>) -> Result<(), StoreError> {
        let Some(value) = value else { return Ok(()) };
        self.names.insert(format!("#{name}"), name.to_owned());
        match value {
            Some(value) => {
                self.set.push(format!("#{name} = :{name}"));
                self.values.insert(format!(":{name}"), serde_dynamo::to_attribute_value(value)?);
            }
            None => self.remove.push(format!("#{name}")),
        }
        Ok(())
    }

    /// The condition that the product has one of these versions.
    fn versions(&mut self, versions: Vec<u64>) -> String {
        let conditions = versions.into_iter().map(|version| {
            self.values.insert(format!(":version{version}"), AttributeValue::N(version.to_string()));
            format!("#version = :version{version}")
        });
        // No tag of ours: no version will do, but a product that is missing is missing all the same.
        let conditions: Vec<_> = conditions.chain(["attribute_not_exists(#version)".to_owned()]).collect();
        format!("attribute_exists(id) AND ({})", conditions.join(" OR "))
    }

    /// The expression, which counts the version up as well.
    fn expression(&mut self) -> String {
        self.names.insert("#version".to_owned(), "version".to_owned());
        self.values.insert(":one".to_owned(), AttributeValue::N("1".to_owned()));
        let mut expression = format!("SET {}, #version = #version + :one", self.set.join(", "));
        if !self.remove.is_empty() {
            expression = format!("{expression} REMOVE {}", self.remove.join(", "));
        }
        expression
    }
}
