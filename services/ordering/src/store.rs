//! The order table: key `userName` and `orderId`, whose order is that of time; index `by-status`
//! (`status`, `orderId`).

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::order::{Order, OrderStatus};
use domain::{DateRange, OrderId, UserName};
use lambdakit::StoreError;
use lambdakit::page::{Page, PageRequest};

const BY_STATUS: &str = "by-status";

/// The orders of the shop.
#[derive(Clone, Debug)]
pub struct OrderStore {
    client: Client,
    table: String,
}

impl OrderStore {
    /// The store in this table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Keeps a new order; `false` when it was kept before.
    pub async fn place(&self, order: &Order) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(order)?))
            .condition_expression("attribute_not_exists(orderId)");
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(false),
                _ => Err(error.into()),
            },
        }
    }

    /// One order of a customer.
    pub async fn get(&self, user_name: &UserName, order_id: OrderId) -> Result<Option<Order>, StoreError> {
        let key = HashMap::from([
            ("userName".to_owned(), AttributeValue::S(user_name.to_string())),
            ("orderId".to_owned(), AttributeValue::S(order_id.to_string())),
        ]);
        let found = self.client.get_item().table_name(&self.table).set_key(Some(key)).send().await?;
        Ok(found.item.map(serde_dynamo::from_item).transpose()?)
    }

    /// A page of all orders, in no particular order.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<Order>, StoreError> {
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

    /// A page of the orders that stand so, newest first.
    pub async fn list_status(
        &self,
        status: OrderStatus,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let query = self
            .client
            .query()
            .index_name(BY_STATUS)
            // "status" is a reserved word of DynamoDB.
            .key_condition_expression("#status = :status")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", AttributeValue::S(status.to_string()));
        self.newest_first(query, page).await
    }

    /// A page of a customer's orders, newest first; only those of some dates, if any are given.
    pub async fn list_customer(
        &self,
        user_name: &UserName,
        dates: Option<DateRange>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let query = self
            .client
            .query()
            .expression_attribute_values(":userName", AttributeValue::S(user_name.to_string()));
        let query = match dates {
            None => query.key_condition_expression("userName = :userName"),
            // An order's id begins with its date, so dates are a range of the key.
            Some(DateRange { first, last }) => query
                .key_condition_expression("userName = :userName AND orderId BETWEEN :first AND :last")
                .expression_attribute_values(":first", order_id(OrderId::earliest(first)))
                .expression_attribute_values(":last", order_id(OrderId::latest(last))),
        };
        self.newest_first(query, page).await
    }

    async fn newest_first(
        &self,
        query: QueryFluentBuilder,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let found = query
            .table_name(&self.table)
            .scan_index_forward(false)
            .limit(page.limit())
            .set_exclusive_start_key(page.start())
            .send()
            .await?;
        page.page(found.items.unwrap_or_default(), found.last_evaluated_key)
    }
}

fn order_id(id: OrderId) -> AttributeValue {
    AttributeValue::S(id.to_string())
}
