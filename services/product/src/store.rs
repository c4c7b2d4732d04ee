//! The product table: key `id`, index `by-category` (`category`, `id`).
//!
//! Each item holds a [`Product`], and of its last change the correlation id (for the stream) and an
//! id of its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::product::{Category, Product, ProductPatch};
use domain::{ProductId, Timestamp};
use lambdakit::etag::IfMatch;
use lambdakit::page::{Page, PageRequest};
use lambdakit::table::{Item, Table, key};
use lambdakit::{StoreError, telemetry};
use serde::Serialize;
use uuid::Uuid;

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
    Done(Box<Product>),
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

    /// Keeps a new product. Its id is new too, so that doing it again changes nothing.
    pub async fn create(&self, product: &Product, correlation_id: &str) -> Result<(), StoreError> {
        let put = self.table.client().put_item().table_name(self.table.name());
        put.set_item(Some(serde_dynamo::to_item(product)?))
            .item("correlationId", AttributeValue::S(correlation_id.to_owned()))
            .send()
            .await?;
        Ok(())
    }

    /// The product of this id.
    pub async fn get(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        self.table.get(key([("id", id.to_string())])).await
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
        // A change whose answer was lost is sent again; this tells it from another one.
        let change_id = Uuid::now_v7();
        let mut update = UpdateExpression::default();
        update.set("name", patch.name.map(Some))?;
        update.set("description", patch.description)?;
        update.set("imageFile", patch.image_file)?;
        update.set("category", patch.category.map(Some))?;
        update.set("price", patch.price.map(Some))?;
        update.set("updatedAt", Some(Some(at)))?;
        update.set("correlationId", Some(Some(telemetry::correlation_id())))?;
        update.set("changeId", Some(Some(change_id)))?;
        let condition = update.condition(if_match);
        let request = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key([("id", id.to_string())])))
            .update_expression(update.expression())
            .condition_expression(condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(updated) => Ok(Change::Done(serde_dynamo::from_item(updated.attributes.unwrap_or_default())?)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    Change::refused(refusal.item.clone(), change_id)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Removes a product; `false` when there was none.
    pub async fn delete(&self, id: ProductId) -> Result<bool, StoreError> {
        let delete = self.table.client().delete_item().table_name(self.table.name());
        let delete = delete.set_key(Some(key([("id", id.to_string())]))).return_values(ReturnValue::AllOld);
        Ok(delete.send().await?.attributes.is_some())
    }
}

impl Change {
    /// What it means that the product which is there did not meet the condition.
    fn refused(there: Option<Item>, change_id: Uuid) -> Result<Self, StoreError> {
        let Some(there) = there else { return Ok(Self::Unknown) };
        let ours = there.get("changeId") == Some(&AttributeValue::S(change_id.to_string()));
        if ours { Ok(Self::Done(serde_dynamo::from_item(there)?)) } else { Ok(Self::OtherVersion) }
    }
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

    /// The condition that the product is there, has not been changed so yet, and has one of the
    /// versions asked for.
    fn condition(&mut self, if_match: Option<IfMatch>) -> String {
        let condition =
            "attribute_exists(id) AND (attribute_not_exists(#changeId) OR #changeId <> :changeId)";
        let Some(IfMatch(versions)) = if_match else { return condition.to_owned() };
        // An operand that no version equals: there may be no tag of ours among those asked for.
        let none = [(":none".to_owned(), AttributeValue::N("0".to_owned()))];
        let asked = versions
            .into_iter()
            .map(|version| (format!(":version{version}"), AttributeValue::N(version.to_string())));
        let operands: Vec<_> = none.into_iter().chain(asked).collect();
        let names: Vec<_> = operands.iter().map(|(name, _)| name.as_str()).collect();
        let condition = format!("{condition} AND #version IN ({})", names.join(", "));
        self.values.extend(operands);
        condition
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
