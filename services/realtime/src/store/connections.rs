//! The connection table: key `item` and `sort`, time to live `expiresAt`.
//!
//! | `item` | `sort` | is |
//! | --- | --- | --- |
//! | `connection#<id>` | `connection` | a connection's owner, rate limit and followed orders |
//! | `customer#<id>` | `connection#<id>` | one of the customer's connections |
//! | `customer#<id>` | `order#<order id>` | the progress of one of the customer's orders |
//! | `customer#<id>` | `order#<order id>#<id>` | a connection of theirs that follows the order |
//! | `customer#<id>` | `erased` | the tombstone of a customer who was erased |
//! | `staff` | `connection#<id>` | a connection of the staff |
//!
//! All data about an order is stored under its customer's id. No other customer can find it, and it
//! is erased with the rest. A connection is valid for as long as the token that it was made with;
//! its rows expire then.

use std::collections::{BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem, Update};
use domain::customer::Customer;
use domain::order::{OrderStatus, Reason};
use domain::{CustomerId, OrderId, Timestamp, UserName};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{self, Item};
use lambdakit::dynamodb::table::{Table, Transaction};
use serde::{Deserialize, Serialize};
use shopkit::tombstone::{CustomerErased, ERASED, Guarded, Tombstones};
use uuid::Uuid;

/// The frames that a connection may send in [`WINDOW_MILLIS`], at once or one after the other. Each
/// frame is a write: a few busy clients must not use up the capacity for all updates.
const FRAMES: u64 = 20;
const WINDOW_MILLIS: u64 = 60_000;
/// The most orders that a connection follows: with its other rows they are removed in one call.
const MAX_ORDERS: usize = 20;
/// How long an order's progress is stored.
const STANDING_DAYS: u32 = 90;
/// The most connections that a frame is pushed to. One customer does not need more.
const MAX_PEERS: usize = 100;

const CONNECTION: &str = "connection";
const ORDER: &str = "order";
const STAFF: &str = "staff";

/// The connections, and the orders that they follow.
#[derive(Clone, Debug)]
pub struct ConnectionStore {
    table: Table,
    tombstones: Tombstones,
}

/// A connection and its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// API Gateway's connection id.
    pub id: String,
    /// The owner.
    pub customer: Customer,
    /// Whether the owner is staff.
    pub is_staff: bool,
    /// When the owner's token expires, in Unix seconds.
    pub expires_at: i64,
}

/// The rate limit's result for one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// Within the limit.
    Fine(Connection),
    /// Above the limit.
    TooFast,
    /// So far above the limit, in spite of warnings, that the connection is closed.
    MuchTooFast,
    /// The connection is unknown, or has expired.
    Unknown,
}

/// The progress of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderProgress {
    /// The status.
    pub status: OrderStatus,
    /// Why, if it was rejected or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When the order reached the status.
    pub at: Timestamp,
}

impl OrderProgress {
    /// The position of the status. Orders only advance.
    #[must_use]
    pub fn rank(&self) -> usize {
        OrderStatus::ALL.iter().position(|status| *status == self.status).unwrap_or_default()
    }
}

/// The result of following an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The connection follows it.
    Done,
    /// The connection follows too many others.
    TooMany,
    /// The connection is gone.
    Unknown,
}

/// A connection that receives pushed frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The connection's id.
    pub id: String,
    /// When it was made, in Unix seconds.
    pub since: i64,
}

/// An order's progress and followers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followers {
    /// The progress.
    pub progress: Option<OrderProgress>,
    /// The customer's connections that follow it.
    pub peers: Vec<Peer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionRow {
    customer_id: CustomerId,
    user_name: UserName,
    is_staff: bool,
    /// The time up to which all frames are accounted for, each with its share of the window, in
    /// Unix milliseconds (the generic cell rate algorithm, ITU-T I.371): a token bucket in one
    /// number.
    spoken: u64,
    #[serde(default)]
    orders: BTreeSet<OrderId>,
    expires_at: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PeerRow {
    connection: String,
    since: i64,
}

impl ConnectionStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let tombstones =
            Tombstones::new(table.clone(), |customer_id| key(customer(customer_id), ERASED.to_owned()));
        Self { table, tombstones }
    }

    /// Stores a connection, unless the customer was erased.
    pub async fn add(&self, connection: &Connection) -> Result<Result<(), CustomerErased>, AwsError> {
        let Connection { id, customer: Customer { id: customer_id, user_name }, is_staff, expires_at } =
            connection;
        let since = Timestamp::now().unix_seconds();
        let mut row = itself(id);
        row.insert("spoken".to_owned(), AttributeValue::N("0".to_owned()));
        row.insert("expiresAt".to_owned(), AttributeValue::N(expires_at.to_string()));
        row.insert("customerId".to_owned(), AttributeValue::S(customer_id.to_string()));
        row.insert("userName".to_owned(), AttributeValue::S(user_name.to_string()));
        row.insert("isStaff".to_owned(), AttributeValue::Bool(*is_staff));
        let own = peer(&customer(*customer_id), &format!("{CONNECTION}#{id}"), connection, since);
        let of_staff = is_staff.then(|| peer(STAFF, &format!("{CONNECTION}#{id}"), connection, since));
        let rows = [Some(row), Some(own), of_staff].into_iter().flatten();
        let puts = rows.map(|row| self.put(row)).collect::<Result<_, _>>()?;
        Ok(match self.tombstones.write(*customer_id, puts).await? {
            Guarded::Erased => Err(CustomerErased),
            Guarded::Written | Guarded::Refused(_) => Ok(()),
        })
    }

    fn put(&self, row: Item) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(self.table.name()).set_item(Some(row)).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Counts a frame, and returns its connection if it is within the limit.
    pub async fn count_frame(&self, id: &str) -> Result<RateLimit, AwsError> {
        let (now, share) = (unix_millis(), WINDOW_MILLIS / FRAMES);
        // Most clients are idle for longer than a frame's share.
        let quiet =
            self.count(id, "spoken <= :now", "spoken = :next", [(":now", now), (":next", now + share)]);
        let row = match quiet.await? {
            Some(row) => row,
            None => {
                let busy = [(":now", now), (":share", share)];
                match self.count(id, "spoken > :now", "spoken = spoken + :share", busy).await? {
                    Some(row) => row,
                    None => return Ok(RateLimit::Unknown),
                }
            }
        };
        let ConnectionRow { customer_id, user_name, is_staff, spoken, expires_at, .. } =
            serde_dynamo::from_item(row)?;
        let customer = Customer { id: customer_id, user_name };
        Ok(match spoken.saturating_sub(now) {
            _ if is_over(expires_at) => RateLimit::Unknown,
            ahead if ahead > 2 * WINDOW_MILLIS => RateLimit::MuchTooFast,
            ahead if ahead > WINDOW_MILLIS => RateLimit::TooFast,
            _ => RateLimit::Fine(Connection { id: id.to_owned(), customer, is_staff, expires_at }),
        })
    }

    async fn count(
        &self,
        id: &str,
        condition: &str,
        change: &str,
        numbers: [(&str, u64); 2],
    ) -> Result<Option<Item>, AwsError> {
        let mut update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(itself(id)))
            .update_expression(format!("SET {change}"))
            .condition_expression(condition)
            .return_values(ReturnValue::AllNew);
        for (name, number) in numbers {
            update = update.expression_attribute_values(name, AttributeValue::N(number.to_string()));
        }
        match update.send().await {
            Ok(updated) => Ok(updated.attributes),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// Makes a connection follow an order of its owner.
    pub async fn follow(&self, connection: &Connection, order_id: OrderId) -> Result<Followed, AwsError> {
        let added = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(itself(&connection.id)))
            .update_expression("ADD orders :order")
            .condition_expression(
                "attribute_exists(expiresAt) AND \
                 (attribute_not_exists(orders) OR size(orders) < :most OR contains(orders, :id))",
            )
            .expression_attribute_values(":order", AttributeValue::Ss(vec![order_id.to_string()]))
            .expression_attribute_values(":id", AttributeValue::S(order_id.to_string()))
            .expression_attribute_values(":most", AttributeValue::N(MAX_ORDERS.to_string()))
            .build()?;
        let follows = order(order_id) + "#" + &connection.id;
        let since = Timestamp::now().unix_seconds();
        let follows = peer(&customer(connection.customer.id), &follows, connection, since);
        let parts = vec![TransactWriteItem::builder().update(added).build(), self.put(follows)?];
        Ok(match self.table.transact(parts, Uuid::now_v7().to_string()).await? {
            Transaction::Done => Followed::Done,
            Transaction::Refused(_)
                if self.table.get_latest::<ConnectionRow>(itself(&connection.id)).await?.is_none() =>
            {
                Followed::Unknown
            }
            Transaction::Refused(_) => Followed::TooMany,
        })
    }

    /// The progress of a customer's order, if it is known.
    pub async fn progress(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
    ) -> Result<Option<OrderProgress>, AwsError> {
        self.table.get_latest(key(customer(customer_id), order(order_id))).await
    }

    /// Stores an order's progress. Returns `false` if the order is further already, or its customer
    /// was erased.
    pub async fn advance(
        &self,
        customer_id: CustomerId,
        order_id: OrderId,
        progress: &OrderProgress,
    ) -> Result<bool, AwsError> {
        let expires_at = Timestamp::now().plus_days(STANDING_DAYS).unix_seconds();
        let mut row: Item = serde_dynamo::to_item(progress)?;
        row.extend(key(customer(customer_id), order(order_id)));
        row.insert("orderId".to_owned(), AttributeValue::S(order_id.to_string()));
        row.insert("rank".to_owned(), AttributeValue::N(progress.rank().to_string()));
        row.insert("expiresAt".to_owned(), AttributeValue::N(expires_at.to_string()));
        let put = Put::builder()
            .table_name(self.table.name())
            .set_item(Some(row))
            // A redelivered status may not have been pushed.
            .condition_expression("attribute_not_exists(#item) OR #rank <= :rank")
            .expression_attribute_names("#item", "item")
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_values(":rank", AttributeValue::N(progress.rank().to_string()))
            .build()?;
        let put = TransactWriteItem::builder().put(put).build();
        Ok(self.tombstones.write(customer_id, vec![put]).await? == Guarded::Written)
    }

    /// An order's progress, and the connections that follow it.
    pub async fn followers(&self, customer_id: CustomerId, order_id: OrderId) -> Result<Followers, AwsError> {
        let rows = self.living(customer(customer_id), &order(order_id)).await?;
        // The order's row sorts before its followers.
        let (progress, peers): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.contains_key("status"));
        let progress = progress.into_iter().next().map(serde_dynamo::from_item).transpose()?;
        Ok(Followers { progress, peers: peers_of(peers)? })
    }

    /// The connections of one customer.
    pub async fn connections_of(&self, customer_id: CustomerId) -> Result<Vec<Peer>, AwsError> {
        peers_of(self.living(customer(customer_id), CONNECTION).await?)
    }

    /// The connections of the staff.
    pub async fn connections_of_staff(&self) -> Result<Vec<Peer>, AwsError> {
        peers_of(self.living(STAFF.to_owned(), CONNECTION).await?)
    }

    /// Some rows that have not expired. DynamoDB removes expired items only within days.
    async fn living(&self, item: String, beginning: &str) -> Result<Vec<Item>, AwsError> {
        let (mut living, mut start) = (Vec::new(), None);
        loop {
            let (rows, next) = self.rows(item.clone(), beginning, start).await?;
            living.extend(rows.into_iter().filter(|row| !expiry_of(row).is_some_and(is_over)));
            if next.is_none() || living.len() >= MAX_PEERS {
                return Ok(living);
            }
            start = next;
        }
    }

    /// A page of rows, and the next page's start key if there may be more.
    async fn rows(
        &self,
        item: String,
        beginning: &str,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), AwsError> {
        let query = self
            .table
            .client()
            .query()
            .table_name(self.table.name())
            .key_condition_expression("#item = :item AND begins_with(#sort, :beginning)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_names("#sort", "sort")
            .expression_attribute_values(":item", AttributeValue::S(item))
            .expression_attribute_values(":beginning", AttributeValue::S(beginning.to_owned()))
            .consistent_read(true)
            .limit(i32::try_from(MAX_PEERS).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        let found = query.send().await?;
        Ok((found.items.unwrap_or_default(), found.last_evaluated_key))
    }

    /// Removes a connection and its subscriptions.
    pub async fn remove(&self, id: &str) -> Result<(), AwsError> {
        let Some(row) = self.table.get_latest::<ConnectionRow>(itself(id)).await? else { return Ok(()) };
        let (own, name) = (customer(row.customer_id), format!("{CONNECTION}#{id}"));
        let mut keys: Vec<_> =
            row.orders.iter().map(|order_id| key(own.clone(), order(*order_id) + "#" + id)).collect();
        keys.push(key(own, name.clone()));
        if row.is_staff {
            keys.push(key(STAFF.to_owned(), name));
        }
        keys.push(itself(id));
        self.table.delete_many(keys).await
    }

    /// Erases a customer's connections and order progress, and refuses writes from then on.
    pub async fn erase(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        self.tombstones.put(customer_id).await?;
        for beginning in [CONNECTION, ORDER] {
            loop {
                let (rows, _) = self.rows(customer(customer_id), beginning, None).await?;
                if rows.is_empty() {
                    break;
                }
                // Removing a connection also removes its subscriptions.
                if beginning == CONNECTION {
                    for id in rows.iter().filter_map(connection_of) {
                        self.remove(id).await?;
                    }
                }
                self.table.delete_many(rows.into_iter().map(key_of).collect()).await?;
            }
        }
        Ok(())
    }
}

fn peers_of(rows: Vec<Item>) -> Result<Vec<Peer>, AwsError> {
    let rows: Vec<PeerRow> = serde_dynamo::from_items(rows)?;
    let peers = rows.into_iter().take(MAX_PEERS);
    Ok(peers.map(|row| Peer { id: row.connection, since: row.since }).collect())
}

/// The row's expiry; `None` if it cannot be read. Such a row counts as unexpired until a push finds
/// its connection gone.
fn expiry_of(row: &Item) -> Option<i64> {
    row.get("expiresAt")?.as_n().ok()?.parse().ok()
}

fn connection_of(row: &Item) -> Option<&str> {
    row.get("connection")?.as_s().ok().map(String::as_str)
}

fn peer(item: &str, sort: &str, connection: &Connection, since: i64) -> Item {
    HashMap::from([
        ("item".to_owned(), AttributeValue::S(item.to_owned())),
        ("sort".to_owned(), AttributeValue::S(sort.to_owned())),
        ("connection".to_owned(), AttributeValue::S(connection.id.clone())),
        ("since".to_owned(), AttributeValue::N(since.to_string())),
        ("expiresAt".to_owned(), AttributeValue::N(connection.expires_at.to_string())),
    ])
}

fn customer(customer_id: CustomerId) -> String {
    format!("customer#{customer_id}")
}

fn order(order_id: OrderId) -> String {
    format!("{ORDER}#{order_id}")
}

fn itself(id: &str) -> Item {
    key(format!("{CONNECTION}#{id}"), CONNECTION.to_owned())
}

fn key(item: String, sort: String) -> Item {
    item::key([("item", item), ("sort", sort)])
}

fn key_of(mut row: Item) -> Item {
    row.retain(|name, _| name == "item" || name == "sort");
    row
}

fn is_over(expires_at: i64) -> bool {
    expires_at <= Timestamp::now().unix_seconds()
}

fn unix_millis() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
