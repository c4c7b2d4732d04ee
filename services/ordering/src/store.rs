//! The order table: key `userName` and `orderId`, whose order is that of time; index `by-status`
//! (`status`, `orderId`).

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::order::{Order, OrderStatus};
use domain::{DateRange, OrderId, UserName};
use lambdakit::StoreError;
use lambdakit::page::{Page, PageRequest};
use lambdakit::table::{Put, Table, key};

const BY_STATUS: &str = "by-status";

/// The orders of the shop.
#[derive(Clone, Debug)]
pub struct OrderStore {
    table: Table,
}

impl OrderStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Keeps a new order; `false` when it was kept before.
    pub async fn place(&self, order: &Order) -> Result<bool, StoreError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(order)?))
            .condition_expression("attribute_not_exists(orderId)");
        Ok(Put::of(put.send().await)?.is_done())
    }

    /// One order of a customer.
    pub async fn get(&self, user_name: &UserName, order_id: OrderId) -> Result<Option<Order>, StoreError> {
        self.table.get(key([("userName", user_name.to_string()), ("orderId", order_id.to_string())])).await
    }

    /// A page of all orders, in no particular order.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.table.scan(page).await
    }

    /// A page of the orders that stand so, newest first.
    pub async fn list_status(
        &self,
        status: OrderStatus,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let query = self
            .table
            .client()
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
            .table
            .client()
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
        self.table.query(query.scan_index_forward(false), page).await
    }
}

fn order_id(id: OrderId) -> AttributeValue {
    AttributeValue::S(id.to_string())
}
