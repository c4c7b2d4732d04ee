//! The order table: key `customerId` and `orderId`, which sorts by time; time to live `expiresAt`.
//! Indexes: `by-status` (`status`, `orderId`), and `by-user-name` (`userName`, `orderId`), which
//! contains only the keys.
//!
//! An order whose customer was erased has the customer id [`CustomerId::ERASED`], and `movedAt` if
//! it was placed before the erasure. Under the customer's own id only their tombstone is left
//! (`orderId` is `erased`). The indexes have no tombstones, because a tombstone has neither status
//! nor name.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use domain::order::{Order, OrderStatus, StatusChange};
use domain::{CustomerId, DateRange, OrderId, Timestamp, UserName};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{Item, key};
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::dynamodb::table::{Table, Transaction};
use shopkit::tombstone::{self, Guarded, Tombstones, put_if};
use uuid::Uuid;

use super::FulfilmentStore;

const BY_STATUS: &str = "by-status";
const BY_USER_NAME: &str = "by-user-name";
const KEY: [&str; 2] = ["customerId", "orderId"];

/// Holds for orders, and not for tombstones.
const IS_ORDER: &str = "attribute_exists(orderDate)";
/// Holds if there is no item of this key.
const IS_NEW: &str = "attribute_not_exists(orderId)";
/// When an order was moved from its customer's id to [`CustomerId::ERASED`].
const MOVED_AT: &str = "movedAt";
/// How many orders one query reads when all of a customer's are needed.
const CHUNK: i32 = 100;

/// A transition of an order to its next status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The new status, its time and its reason.
    pub change: StatusChange,
    /// Rejects the transition if the customer has cancelled the order.
    pub unless_cancelled: bool,
}

/// The outcome of a transition or of a cancellation request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransitionOutcome {
    /// It was applied, and this is the order now.
    Applied(Box<Order>),
    /// It was rejected: the order's status does not allow it, or the order has been cancelled.
    Rejected(Box<Order>),
    /// There is no such order.
    NotFound,
}

/// The orders of the shop.
#[derive(Clone, Debug)]
pub struct OrderStore {
    table: Table,
    tombstones: Tombstones,
}

impl OrderStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let tombstones = Tombstones::new(table.clone(), tombstone_key);
        Self { table, tombstones }
    }

    /// Stores a new order, anonymised if its customer was erased. Returns `false` if it was stored
    /// before.
    pub async fn place(&self, order: &Order) -> Result<bool, AwsError> {
        let new = put_if(&self.table, serde_dynamo::to_item(order)?, IS_NEW)?;
        match self.tombstones.write(order.customer_id, vec![new]).await? {
            Guarded::Written => Ok(true),
            Guarded::Refused(_) => Ok(false),
            Guarded::Erased => self.place_anonymised(order).await,
        }
    }

    /// Stores a new order of an erased customer, unless it was stored before. It may be stored
    /// under the customer's id, if the erasure has not reached it yet, or under
    /// [`CustomerId::ERASED`].
    async fn place_anonymised(&self, order: &Order) -> Result<bool, AwsError> {
        let not_theirs = ConditionCheck::builder()
            .table_name(self.table.name())
            .set_key(Some(order_key(order.customer_id, order.order_id)))
            .condition_expression(IS_NEW)
            .build()?;
        let not_theirs = TransactWriteItem::builder().condition_check(not_theirs).build();
        let new = put_if(&self.table, serde_dynamo::to_item(order.clone().anonymised())?, IS_NEW)?;
        let written = self.table.transact(vec![not_theirs, new], Uuid::now_v7().to_string()).await?;
        Ok(written == Transaction::Done)
    }

    /// One order of a customer.
    pub async fn get(&self, customer_id: CustomerId, order_id: OrderId) -> Result<Option<Order>, AwsError> {
        self.read(customer_id, order_id, false).await
    }

    /// The same, with a consistent read.
    pub async fn get_latest(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
    ) -> Result<Option<Order>, AwsError> {
        self.read(customer_id, order_id, true).await
    }

    async fn read(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        latest: bool,
    ) -> Result<Option<Order>, AwsError> {
        let key = order_key(customer_id, order_id);
        let get = self.table.client().get_item().table_name(self.table.name()).set_key(Some(key));
        let order = get.consistent_read(latest).send().await?.item.filter(is_order);
        Ok(order.map(serde_dynamo::from_item).transpose()?)
    }

    /// Advances an order by a valid transition between its statuses, and adds the change to its
    /// history.
    pub async fn advance(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        Transition { change, unless_cancelled }: Transition,
    ) -> Result<TransitionOutcome, AwsError> {
        let update = self.update(customer_id, order_id, change.status.reached_from());
        let not_cancelled =
            if unless_cancelled { " AND attribute_not_exists(cancelRequestedAt)" } else { "" };
        let update = update
            .update_expression(
                "SET #status = :to, history = list_append(if_not_exists(history, :none), :change)",
            )
            .condition_expression(format!("{}{not_cancelled}", stands_at(change.status.reached_from())))
            .expression_attribute_values(":to", AttributeValue::S(change.status.to_string()))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":change", serde_dynamo::to_attribute_value([change])?);
        moved(update).await
    }

    /// Records that a customer wants an order cancelled. This is possible once, until its parcel
    /// has left.
    pub async fn request_cancellation(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        at: Timestamp,
    ) -> Result<TransitionOutcome, AwsError> {
        let from = OrderStatus::Cancelled.reached_from();
        let update = self
            .update(customer_id, order_id, from)
            .update_expression("SET cancelRequestedAt = :at")
            .condition_expression(format!("{} AND attribute_not_exists(cancelRequestedAt)", stands_at(from)))
            .expression_attribute_values(":at", serde_dynamo::to_attribute_value(at)?);
        moved(update).await
    }

    /// An update of an order that has one of these statuses.
    fn update(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        from: &[OrderStatus],
    ) -> UpdateItemFluentBuilder {
        let key = order_key(customer_id, order_id);
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key))
            // "status" is a reserved word of DynamoDB.
            .expression_attribute_names("#status", "status")
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        from.iter().enumerate().fold(update, |update, (index, status)| {
            update.expression_attribute_values(format!(":from{index}"), AttributeValue::S(status.to_string()))
        })
    }

    /// A page of all orders, in no particular order.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<Order>, AwsError> {
        self.table.scan_index(BY_USER_NAME, &KEY, page).await
    }

    /// One order of a customer who has, or had, this name.
    pub async fn get_by_user_name(
        &self,
        user_name: &UserName,
        order_id: OrderId,
    ) -> Result<Option<Order>, AwsError> {
        let query = self
            .table
            .client()
            .query()
            .index_name(BY_USER_NAME)
            .key_condition_expression("userName = :userName AND orderId = :orderId")
            .expression_attribute_values(":userName", AttributeValue::S(user_name.to_string()))
            .expression_attribute_values(":orderId", order_id_value(order_id));
        let found = self.table.query_index(query, &KEY, &PageRequest::first("order")).await?;
        Ok(found.items.into_iter().next())
    }

    /// A page of the orders of all customers who have, or had, this name, newest first; only those
    /// of some dates, if any are given.
    pub async fn list_user_name(
        &self,
        user_name: &UserName,
        dates: Option<DateRange>,
        page: &PageRequest,
    ) -> Result<Page<Order>, AwsError> {
        let query = self.table.client().query().index_name(BY_USER_NAME).scan_index_forward(false);
        let query = of_dates(query, "userName", user_name.to_string(), dates);
        self.table.query_index(query, &KEY, page).await
    }

    /// A page of the orders with this status, newest first.
    pub async fn list_status(
        &self,
        status: OrderStatus,
        page: &PageRequest,
    ) -> Result<Page<Order>, AwsError> {
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
        customer_id: CustomerId,
        dates: Option<DateRange>,
        page: &PageRequest,
    ) -> Result<Page<Order>, AwsError> {
        let query = self.table.client().query().filter_expression(IS_ORDER);
        self.newest_first(of_dates(query, "customerId", customer_id.to_string(), dates), page).await
    }

    /// Some of a customer's orders, oldest first, and where to continue if there may be more.
    pub async fn chunk(
        &self,
        customer_id: CustomerId,
        start: Option<Item>,
    ) -> Result<(Vec<Order>, Option<Item>), AwsError> {
        let query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("customerId = :customerId")
            .filter_expression(IS_ORDER)
            .expression_attribute_values(":customerId", AttributeValue::S(customer_id.to_string()))
            .consistent_read(true)
            .limit(CHUNK)
            .set_exclusive_start_key(start);
        let found = query.send().await?;
        let orders = serde_dynamo::from_items(found.items.unwrap_or_default())?;
        Ok((orders, found.last_evaluated_key))
    }

    /// Anonymises every order of this customer that is placed from now on.
    pub async fn mark_erased(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        self.tombstones.put(customer_id).await
    }

    /// Moves these orders of one customer to [`CustomerId::ERASED`], where their fulfilment finds
    /// them, all of them or none. At most 33, since a transaction takes 100 writes.
    pub async fn anonymise(&self, orders: &[Order], fulfilments: &FulfilmentStore) -> Result<(), AwsError> {
        let anonymising = |order: &Order| {
            let [removed, anonymised] = self.anonymising(order)?;
            Ok([removed, anonymised, fulfilments.erasing(order.order_id)?])
        };
        let parts = orders.iter().map(anonymising).collect::<Result<Vec<_>, AwsError>>()?;
        let written = self.table.transact(parts.into_iter().flatten().collect(), Uuid::now_v7().to_string());
        match written.await? {
            Transaction::Done => Ok(()),
            Transaction::Refused(_) => {
                Err(AwsError::Transient("an order changed while it was anonymised".to_owned()))
            }
        }
    }

    fn anonymising(&self, order: &Order) -> Result<[TransactWriteItem; 2], AwsError> {
        // Only what was read may be deleted: an order that has changed meanwhile is read again
        // first.
        let unchanged = match order.cancel_requested_at {
            Some(_) => "#status = :status",
            None => "#status = :status AND attribute_not_exists(cancelRequestedAt)",
        };
        let removed = Delete::builder()
            .table_name(self.table.name())
            .set_key(Some(order_key(order.customer_id, order.order_id)))
            .condition_expression(unchanged)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", AttributeValue::S(order.status.to_string()))
            .build()?;
        let mut anonymised: Item = serde_dynamo::to_item(order.clone().anonymised())?;
        anonymised.insert(MOVED_AT.to_owned(), serde_dynamo::to_attribute_value(Timestamp::now())?);
        Ok([TransactWriteItem::builder().delete(removed).build(), put_if(&self.table, anonymised, IS_NEW)?])
    }

    async fn newest_first(
        &self,
        query: QueryFluentBuilder,
        page: &PageRequest,
    ) -> Result<Page<Order>, AwsError> {
        self.table.query(query.scan_index_forward(false), page).await
    }
}

/// The condition that an order has one of these statuses, whose values [`OrderStore::update`] sets.
fn stands_at(from: &[OrderStatus]) -> String {
    let values: Vec<_> = (0..from.len()).map(|index| format!(":from{index}")).collect();
    format!("#status IN ({})", values.join(", "))
}

async fn moved(update: UpdateItemFluentBuilder) -> Result<TransitionOutcome, AwsError> {
    match update.send().await {
        Ok(done) => Ok(TransitionOutcome::Applied(Box::new(serde_dynamo::from_item(
            done.attributes.unwrap_or_default(),
        )?))),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                match refusal.item.clone().filter(is_order) {
                    Some(item) => Ok(TransitionOutcome::Rejected(Box::new(serde_dynamo::from_item(item)?))),
                    None => Ok(TransitionOutcome::NotFound),
                }
            }
            _ => Err(error.into()),
        },
    }
}

fn is_order(item: &Item) -> bool {
    item.contains_key("orderDate")
}

fn order_id_value(id: OrderId) -> AttributeValue {
    AttributeValue::S(id.to_string())
}

fn order_key(customer_id: CustomerId, order_id: OrderId) -> Item {
    key([("customerId", customer_id.to_string()), ("orderId", order_id.to_string())])
}

fn tombstone_key(customer_id: CustomerId) -> Item {
    key([("customerId", customer_id.to_string()), ("orderId", tombstone::ERASED.to_owned())])
}

/// Whether the image of a row is that of an order that was moved to [`CustomerId::ERASED`].
pub(crate) fn is_moved(image: &serde_dynamo::Item) -> bool {
    image.contains_key(MOVED_AT)
}

/// Queries the orders under a key, only those of some dates, if any are given. An order's id begins
/// with its date, so dates are a range of the key.
fn of_dates(
    query: QueryFluentBuilder,
    key: &str,
    value: String,
    dates: Option<DateRange>,
) -> QueryFluentBuilder {
    let query = query.expression_attribute_values(":key", AttributeValue::S(value));
    match dates {
        None => query.key_condition_expression(format!("{key} = :key")),
        Some(DateRange { first, last }) => query
            .key_condition_expression(format!("{key} = :key AND orderId BETWEEN :first AND :last"))
            .expression_attribute_values(":first", order_id_value(OrderId::earliest(first)))
            .expression_attribute_values(":last", order_id_value(OrderId::latest(last))),
    }
}
