use aws_sdk_dynamodb::types::{self as transaction, AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::basket::{Basket, Line};
use domain::customer::Customer;
use domain::{CustomerId, Timestamp, UserName};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{self, Item};
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::dynamodb::table::{Put, Table};
use serde::{Deserialize, Serialize};
use shopkit::tombstone::{self, CustomerErased};
use uuid::Uuid;

/// How long an unchanged basket is kept, in days.
const LIFETIME_DAYS: u32 = 30;
/// How long an empty basket is kept, in days: longer than any write can be delayed.
const EMPTY_LIFETIME_DAYS: u32 = 1;
/// How many earlier versions a basket stores. A write whose response was lost goes undetected only
/// if this many other writes follow before it reads the basket again.
const REMEMBERED: usize = 8;
/// How often a change is tried when other requests change the same basket concurrently. Each failed
/// try means that another change succeeded, so this many concurrent changes all succeed.
const MAX_TRIES: usize = 50;

/// The index of baskets by user name. It projects only the keys. Empty baskets are not in it,
/// because their rows have no `userName`.
const BY_USER_NAME: &str = "by-user-name";
const KEY: [&str; 1] = ["customerId"];

/// The basket table: key `customerId`, index `by-user-name` (`userName`), time to live `expiresAt`.
///
/// A basket is read, changed and written back on the condition that its version is still the one
/// that was read. Each write sets a new `version`, which is never reused.
///
/// An emptied or checked-out basket stays as an empty row. If it were deleted, a late write that
/// had found no basket could succeed and restore what was bought. So no late write can undo a newer
/// one. The row of an erased customer stays longer, as their tombstone.
///
/// When the response to a write is lost, the basket shows whether the write was made: it stores its
/// last versions.
#[derive(Clone, Debug)]
pub struct BasketStore {
    table: Table,
}

/// The version of a basket, followed by its earlier versions; empty before the first write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Vec<Uuid>);

/// A basket as it was read.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The basket.
    pub basket: Basket,
    /// The version that was read.
    pub version: Version,
    /// Whether the customer was erased; the basket then stays empty.
    pub is_erased: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    customer_id: CustomerId,
    /// `None` for an empty basket, so that the index does not contain it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<UserName>,
    lines: Vec<Line>,
    version: Uuid,
    /// The earlier versions, latest first.
    #[serde(default)]
    before: Vec<Uuid>,
    updated_at: Timestamp,
    /// When the customer was erased; the row is then their tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased_at: Option<Timestamp>,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

impl Record {
    /// The basket as it will be stored, with a new version.
    fn of(basket: &Basket, read: &Version) -> Self {
        let now = Timestamp::now();
        let is_empty = basket.lines().is_empty();
        let days = if is_empty { EMPTY_LIFETIME_DAYS } else { LIFETIME_DAYS };
        Self {
            customer_id: basket.customer.id,
            user_name: (!is_empty).then(|| basket.customer.user_name.clone()),
            lines: basket.lines().to_vec(),
            version: Uuid::now_v7(),
            before: read.0.iter().copied().take(REMEMBERED).collect(),
            updated_at: now,
            erased_at: None,
            expires_at: now.plus_days(days).unix_seconds(),
        }
    }

    /// The tombstone of an erased customer.
    fn tombstone(customer_id: CustomerId, read: &Version) -> Self {
        let now = Timestamp::now();
        Self {
            customer_id,
            user_name: None,
            lines: Vec::new(),
            version: Uuid::now_v7(),
            before: read.0.iter().copied().take(REMEMBERED).collect(),
            updated_at: now,
            erased_at: Some(now),
            expires_at: now.plus_days(tombstone::LIFETIME_DAYS).unix_seconds(),
        }
    }

    fn versions(&self) -> Version {
        Version(std::iter::once(self.version).chain(self.before.iter().copied()).collect())
    }

    /// The basket of a customer with this name. An expired basket is empty: DynamoDB deletes
    /// expired rows only within days.
    fn basket(self, user_name: UserName) -> Result<Basket, AwsError> {
        let expired = self.expires_at <= Timestamp::now().unix_seconds();
        let lines = if expired { Vec::new() } else { self.lines };
        let customer = Customer { id: self.customer_id, user_name };
        Basket::with_lines(customer, lines).map_err(|error| AwsError::Permanent(error.to_string()))
    }

    /// The basket of an index entry; `None` if it was emptied since, or has expired.
    fn listed(mut self) -> Result<Option<Basket>, AwsError> {
        let Some(user_name) = self.user_name.take() else { return Ok(None) };
        Ok(Some(self.basket(user_name)?).filter(|basket| !basket.lines().is_empty()))
    }
}

impl BasketStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// A customer's basket; empty if there is no row.
    pub async fn get(&self, customer: &Customer) -> Result<Versioned, AwsError> {
        let Some(record) = self.table.get_latest::<Record>(key(customer.id)).await? else {
            let (basket, version) = (Basket::empty(customer.clone()), Version(Vec::new()));
            return Ok(Versioned { basket, version, is_erased: false });
        };
        let (version, is_erased) = (record.versions(), record.erased_at.is_some());
        Ok(Versioned { basket: record.basket(customer.user_name.clone())?, version, is_erased })
    }

    /// A customer's basket, if it is not empty.
    pub async fn find(&self, customer_id: CustomerId) -> Result<Option<Basket>, AwsError> {
        let record = self.table.get_latest::<Record>(key(customer_id)).await?;
        let Some(mut record) = record else { return Ok(None) };
        let Some(user_name) = record.user_name.take() else { return Ok(None) };
        record.basket(user_name).map(Some)
    }

    /// A page of the baskets that are not empty, in no particular order. With a name, only those of
    /// customers who have, or had, it.
    pub async fn list(
        &self,
        user_name: Option<&UserName>,
        page: &PageRequest,
    ) -> Result<Page<Basket>, AwsError> {
        let Page { items, next_cursor } = match user_name {
            None => self.table.scan_index::<Record>(BY_USER_NAME, &KEY, page).await?,
            Some(user_name) => {
                let query = self.table.client().query().index_name(BY_USER_NAME);
                let query = query
                    .key_condition_expression("userName = :userName")
                    .expression_attribute_values(":userName", AttributeValue::S(user_name.to_string()));
                self.table.query_index::<Record>(query, &KEY, page).await?
            }
        };
        let baskets = items.into_iter().map(Record::listed).filter_map(Result::transpose);
        Ok(Page { items: baskets.collect::<Result<_, _>>()?, next_cursor })
    }

    /// Replaces a customer's basket with this one.
    pub async fn replace(&self, basket: &Basket) -> Result<Result<(), CustomerErased>, AwsError> {
        let replaced = self.change(&basket.customer, |there| {
            *there = basket.clone();
            Ok(())
        });
        Ok(replaced.await?.map(drop))
    }

    /// Changes a customer's basket; it stays unchanged if `change` fails.
    ///
    /// # Errors
    /// The outer error is the store's. The inner error is that of `change`, or [`CustomerErased`].
    pub async fn change<E: From<CustomerErased>>(
        &self,
        customer: &Customer,
        change: impl Fn(&mut Basket) -> Result<(), E>,
    ) -> Result<Result<Basket, E>, AwsError> {
        for _ in 0..MAX_TRIES {
            let Versioned { mut basket, version, is_erased } = self.get(customer).await?;
            if is_erased {
                return Ok(Err(CustomerErased.into()));
            }
            if let Err(refusal) = change(&mut basket) {
                return Ok(Err(refusal));
            }
            if self.put_if(&Record::of(&basket, &version), &version).await? {
                return Ok(Ok(basket));
            }
        }
        Err(changed_too_often())
    }

    /// Empties a customer's basket.
    pub async fn empty(&self, customer: &Customer) -> Result<(), AwsError> {
        // The basket of an erased customer is already empty.
        self.replace(&Basket::empty(customer.clone())).await.map(drop)
    }

    /// Erases a customer's basket, and rejects later writes to it.
    pub async fn erase(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        for _ in 0..MAX_TRIES {
            let record = self.table.get_latest::<Record>(key(customer_id)).await?;
            if record.as_ref().is_some_and(|record| record.erased_at.is_some()) {
                return Ok(());
            }
            let version = record.map_or_else(|| Version(Vec::new()), |record| record.versions());
            if self.put_if(&Record::tombstone(customer_id, &version), &version).await? {
                return Ok(());
            }
        }
        Err(changed_too_often())
    }

    /// The transaction part that empties the basket, if its version is still the one that was read.
    pub(super) fn emptying(
        &self,
        customer: Customer,
        read: &Version,
    ) -> Result<Option<transaction::Put>, AwsError> {
        let Some(version) = read.current() else { return Ok(None) };
        transaction::Put::builder()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(Record::of(&Basket::empty(customer), read))?))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", AttributeValue::S(version.to_string()))
            .build()
            .map(Some)
            .map_err(AwsError::from)
    }

    /// Writes the record and returns `true` if the basket's version is still the one that was read.
    async fn put_if(&self, record: &Record, read: &Version) -> Result<bool, AwsError> {
        let put = self.table.client().put_item().table_name(self.table.name());
        let put = put.set_item(Some(serde_dynamo::to_item(record)?));
        let put = match read.current() {
            None => put.condition_expression("attribute_not_exists(customerId)"),
            Some(version) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", AttributeValue::S(version.to_string())),
        };
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Put::of(put.send().await)? {
            Put::Done => Ok(true),
            // The SDK retries a write whose response was lost, so this same write may have been
            // applied.
            Put::Refused(Some(there)) => {
                let there: Record = serde_dynamo::from_item(there)?;
                Ok(there.versions().0.contains(&record.version))
            }
            Put::Refused(None) => Ok(false),
        }
    }
}

impl Version {
    fn current(&self) -> Option<Uuid> {
        self.0.first().copied()
    }
}

fn changed_too_often() -> AwsError {
    AwsError::Transient("the basket is changed too often".to_owned())
}

fn key(customer_id: CustomerId) -> Item {
    item::key([("customerId", customer_id.to_string())])
}
