//! The order table: key `customerId` and `orderId`, which sorts by time; time to live `expiresAt`.
//! Indexes: `by-status` (`status`, `orderId`), and `by-user-name` (`userName`, `orderId`), which
//! contains only the keys.
//!
//! Each order has a second row, its owner: key `orderId` and `owner`, with the order's `customerId` as
//! `owner`. It finds an order by its id alone, as fulfilment does.
//!
//! An order whose customer was erased has the customer id [`CustomerId::ERASED`], and `movedAt` if
//! it was placed before the erasure. Under the customer's own id only their tombstone is left
//! (`orderId` is `erased`). The indexes have no tombstones, because a tombstone has neither status
//! nor name.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};
use domain::order::{Order, OrderStatus, Reason, StatusChange};
use domain::{CustomerId, DateRange, OrderId, Timestamp, UserName};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{Item, key};
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::dynamodb::table::{Table, Transaction};
use serde::Deserialize;
use shopkit::tombstone::{self, Guarded, Tombstones, put_if};
use uuid::Uuid;

const BY_STATUS: &str = "by-status";
const BY_USER_NAME: &str = "by-user-name";
const KEY: [&str; 2] = ["customerId", "orderId"];

/// Holds for orders, and not for tombstones.
const IS_ORDER: &str = "attribute_exists(orderDate)";
/// Holds if there is no item of this key.
const IS_NEW: &str = "attribute_not_exists(orderId)";
/// When an order was moved from its customer's id to [`CustomerId::ERASED`].
const MOVED_AT: &str = "movedAt";
/// The sort key of an order's owner row, and its attribute.
const OWNER: &str = "owner";
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

/// Whose an order is.
#[derive(Deserialize)]
struct OwnerRow {
    #[serde(deserialize_with = "CustomerId::deserialize_or_erased")]
    owner: CustomerId,
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
        let owner = self.owned_by(order.order_id, order.customer_id)?;
        match self.tombstones.write(order.customer_id, vec![new, owner]).await? {
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
        let owner = self.owned_by(order.order_id, CustomerId::ERASED)?;
        let parts = vec![not_theirs, new, owner];
        let written = self.table.transact(parts, Uuid::now_v7().to_string()).await?;
        Ok(written == Transaction::Done)
    }

    /// The part of a transaction that writes whose an order is.
    fn owned_by(&self, order_id: OrderId, customer_id: CustomerId) -> Result<TransactWriteItem, AwsError> {
        let mut row = owner_key(order_id);
        row.insert(OWNER.to_owned(), AttributeValue::S(customer_id.to_string()));
        let put = Put::builder().table_name(self.table.name()).set_item(Some(row)).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// An order of any customer, also if their data was erased, by consistent reads.
    pub async fn find(&self, order_id: OrderId) -> Result<Option<Order>, AwsError> {
        let owner: Option<OwnerRow> = self.table.get_latest(owner_key(order_id)).await?;
        let Some(OwnerRow { owner }) = owner else { return Ok(None) };
        match self.read(owner, order_id, true).await? {
            // Erased since its owner was read.
            None => self.read(CustomerId::ERASED, order_id, true).await,
            found => Ok(found),
        }
    }

    /// One order of a customer.
    pub async fn get(&self, customer_id: CustomerId, order_id: OrderId) -> Result<Option<Order>, AwsError> {
        self.read(customer_id, order_id, false).await
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

    /// Claims an order for fulfilment, also if its customer's data was erased. Rejected if it was
    /// cancelled before, or is under way: fulfilment that is removed and added again does not know
    /// what it has begun. Repeating it changes nothing.
    pub async fn claim(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
    ) -> Result<TransitionOutcome, AwsError> {
        match self.claim_of(customer_id, order_id).await? {
            TransitionOutcome::NotFound => self.claim_of(CustomerId::ERASED, order_id).await,
            claimed => Ok(claimed),
        }
    }

    async fn claim_of(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
    ) -> Result<TransitionOutcome, AwsError> {
        let from = [OrderStatus::Pending];
        let update = self
            .update(customer_id, order_id, &from)
            .update_expression("SET claimedAt = if_not_exists(claimedAt, :at)")
            .condition_expression(has_status(&from))
            .expression_attribute_values(":at", serde_dynamo::to_attribute_value(Timestamp::now())?);
        moved(update).await
    }

    /// Advances an order by a valid transition between its statuses, and adds the change to its
    /// history. The order may have been anonymised since it was read.
    ///
    /// Each change is later than the one before it, because consumers distinguish changes by their
    /// times. This holds even if the event that led to it is older than the change before it.
    pub async fn advance(
        &self,
        order: &Order,
        mut transition: Transition,
    ) -> Result<TransitionOutcome, AwsError> {
        transition.change.at = transition.change.at.max(order.changed_at().just_after());
        match self.advance_of(order.customer_id, order.order_id, transition).await? {
            TransitionOutcome::NotFound => {
                self.advance_of(CustomerId::ERASED, order.order_id, transition).await
            }
            moved => Ok(moved),
        }
    }

    async fn advance_of(
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
            .condition_expression(format!("{}{not_cancelled}", has_status(change.status.reached_from())))
            .expression_attribute_values(":to", AttributeValue::S(change.status.to_string()))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":change", serde_dynamo::to_attribute_value([change])?);
        moved(update).await
    }

    /// Cancels an order at once if fulfilment has not claimed it. Otherwise records that the customer
    /// wants it cancelled, which is possible once, until its parcel has left.
    pub async fn cancel(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        at: Timestamp,
    ) -> Result<TransitionOutcome, AwsError> {
        match self.cancel_unclaimed(customer_id, order_id, at).await? {
            TransitionOutcome::Rejected(order) if order.claimed_at.is_some() => {
                self.request_cancellation(customer_id, order_id, at).await
            }
            outcome => Ok(outcome),
        }
    }

    async fn cancel_unclaimed(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        at: Timestamp,
    ) -> Result<TransitionOutcome, AwsError> {
        let from = [OrderStatus::Pending];
        let (status, reason) = (OrderStatus::Cancelled, Some(Reason::CustomerRequest));
        let update = self
            .update(customer_id, order_id, &from)
            .update_expression(
                "SET #status = :to, cancelRequestedAt = :at, history = list_append(history, :change)",
            )
            .condition_expression(format!("attribute_not_exists(claimedAt) AND {}", has_status(&from)))
            .expression_attribute_values(":to", AttributeValue::S(status.to_string()))
            .expression_attribute_values(":at", serde_dynamo::to_attribute_value(at)?)
            .expression_attribute_values(
                ":change",
                serde_dynamo::to_attribute_value([StatusChange { status, at, reason }])?,
            );
        moved(update).await
    }

    async fn request_cancellation(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        at: Timestamp,
    ) -> Result<TransitionOutcome, AwsError> {
        let from = OrderStatus::Cancelled.reached_from();
        let update = self
            .update(customer_id, order_id, from)
            .update_expression("SET cancelRequestedAt = :at")
            .condition_expression(format!("{} AND attribute_not_exists(cancelRequestedAt)", has_status(from)))
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

    /// Moves these orders of one customer to [`CustomerId::ERASED`], all of them or none. At most 33,
    /// since a transaction takes 100 writes.
    pub async fn anonymise(&self, orders: &[Order]) -> Result<(), AwsError> {
        let parts =
            orders.iter().map(|order| self.anonymising(order)).collect::<Result<Vec<_>, AwsError>>()?;
        let written = self.table.transact(parts.into_iter().flatten().collect(), Uuid::now_v7().to_string());
        match written.await? {
            Transaction::Done => Ok(()),
            Transaction::Refused(_) => {
                Err(AwsError::Transient("an order changed while it was anonymised".to_owned()))
            }
        }
    }

    fn anonymising(&self, order: &Order) -> Result<[TransactWriteItem; 3], AwsError> {
        // Only what was read may be deleted: an order that has changed meanwhile is read again
        // first.
        let mut unchanged = "#status = :status".to_owned();
        for (attribute, value) in
            [("cancelRequestedAt", order.cancel_requested_at), ("claimedAt", order.claimed_at)]
        {
            if value.is_none() {
                unchanged = format!("{unchanged} AND attribute_not_exists({attribute})");
            }
        }
        let removed = Delete::builder()
            .table_name(self.table.name())
            .set_key(Some(order_key(order.customer_id, order.order_id)))
            .condition_expression(unchanged)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", AttributeValue::S(order.status.to_string()))
            .build()?;
        let mut anonymised: Item = serde_dynamo::to_item(order.clone().anonymised())?;
        anonymised.insert(MOVED_AT.to_owned(), serde_dynamo::to_attribute_value(Timestamp::now())?);
        Ok([
            TransactWriteItem::builder().delete(removed).build(),
            put_if(&self.table, anonymised, IS_NEW)?,
            self.owned_by(order.order_id, CustomerId::ERASED)?,
        ])
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
fn has_status(from: &[OrderStatus]) -> String {
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

fn owner_key(order_id: OrderId) -> Item {
    key([("customerId", order_id.to_string()), ("orderId", OWNER.to_owned())])
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
