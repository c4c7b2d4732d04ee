use aws_sdk_dynamodb::types::{self as transaction, AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::basket::{Basket, Line};
use domain::customer::Customer;
use domain::{CustomerId, Timestamp, UserName};
use lambdakit::AwsError;
use lambdakit::page::{Page, PageRequest};
use lambdakit::table::{self, Item, Put, Table};
use serde::{Deserialize, Serialize};
use shopkit::tombstone::{self, CustomerErased};
use uuid::Uuid;

/// How long a basket is kept that nobody touches.
const LIFETIME_DAYS: u32 = 30;
/// How long an empty one is kept: longer than any write can be late.
const EMPTY_LIFETIME_DAYS: u32 = 1;
/// How many versions a basket remembers. A write whose answer was lost would have to be followed
/// by this many others before it looks at the basket again.
const REMEMBERED: usize = 8;
/// How often a change is tried when others change the same basket at the same time. Each lost
/// try means that one of them has won, so this many changes at once are sure to get through.
const MAX_TRIES: usize = 50;

/// The index of baskets by the names of their customers. It has the keys alone, and those of baskets that hold something:
/// a row without a `userName` is not in it.
const BY_USER_NAME: &str = "by-user-name";
const KEY: [&str; 1] = ["customerId"];

/// The basket table: key `customerId`, index `by-user-name` (`userName`), time to live `expiresAt`.
///
/// A basket is read, changed and written back if it is still the one that was read: each write
/// gives it a new `version`, which is never used again. A basket that was emptied or checked out
/// stays, with nothing in it: were it removed, a write that found no basket before, and arrives
/// late, would find none again and bring back what was bought. So no write that arrives late can
/// undo what came after it. That of an erased customer stays for longer, as their tombstone.
///
/// When the answer to a write is lost, the basket itself tells whether the write was made: it
/// remembers its last versions.
#[derive(Clone, Debug)]
pub struct BasketStore {
    table: Table,
}

/// Which write of a basket this is, and which ones were before; none before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Vec<Uuid>);

/// A basket as it was read.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The basket.
    pub basket: Basket,
    /// Which write of it.
    pub version: Version,
    /// The customer was erased: the basket stays empty.
    pub is_erased: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    customer_id: CustomerId,
    /// None of an empty basket, which nobody has to find.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<UserName>,
    lines: Vec<Line>,
    version: Uuid,
    /// The versions before, latest first.
    #[serde(default)]
    before: Vec<Uuid>,
    updated_at: Timestamp,
    /// When the customer was erased: the row is their tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erased_at: Option<Timestamp>,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

impl Record {
    /// The basket as it will be kept, with a version of its own.
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

    /// The basket of a customer who is called so; an empty one when it has expired, for DynamoDB removes it within days
    /// only.
    fn basket(self, user_name: UserName) -> Result<Basket, AwsError> {
        let expired = self.expires_at <= Timestamp::now().unix_seconds();
        let lines = if expired { Vec::new() } else { self.lines };
        let customer = Customer { id: self.customer_id, user_name };
        Basket::with_lines(customer, lines).map_err(|error| AwsError::Permanent(error.to_string()))
    }

    /// The basket as the index has it; none when it was emptied since, or has expired.
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

    /// A customer's basket, which is empty if nobody has put anything in.
    pub async fn get(&self, customer: &Customer) -> Result<Versioned, AwsError> {
        let Some(record) = self.table.get_latest::<Record>(key(customer.id)).await? else {
            let (basket, version) = (Basket::empty(customer.clone()), Version(Vec::new()));
            return Ok(Versioned { basket, version, is_erased: false });
        };
        let (version, is_erased) = (record.versions(), record.erased_at.is_some());
        Ok(Versioned { basket: record.basket(customer.user_name.clone())?, version, is_erased })
    }

    /// A customer's basket, if it holds something.
    pub async fn find(&self, customer_id: CustomerId) -> Result<Option<Basket>, AwsError> {
        let record = self.table.get_latest::<Record>(key(customer_id)).await?;
        let Some(mut record) = record else { return Ok(None) };
        let Some(user_name) = record.user_name.take() else { return Ok(None) };
        record.basket(user_name).map(Some)
    }

    /// A page of the baskets that hold something, in no particular order: all of them, or those of customers who have, or
    /// had, a name.
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

    /// Puts this basket in the place of whatever there was.
    pub async fn replace(&self, basket: &Basket) -> Result<Result<(), CustomerErased>, AwsError> {
        let replaced = self.change(&basket.customer, |there| {
            *there = basket.clone();
            Ok(())
        });
        Ok(replaced.await?.map(drop))
    }

    /// Changes a customer's basket; what `change` refuses leaves it as it is.
    ///
    /// # Errors
    /// The outer error is the store's, the inner one that of `change`, or that the customer was erased.
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
        // That of an erased customer is empty.
        self.replace(&Basket::empty(customer.clone())).await.map(drop)
    }

    /// Erases a customer's basket, and keeps out what is put into it from now on.
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

    /// The part of a transaction that empties the basket, if it is still the one that was read.
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

    /// Writes the record if the basket is still the one that was read; `false` when it is not.
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
            // Refused perhaps because of itself: the SDK sends a write again whose answer was lost.
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
    table::key([("customerId", customer_id.to_string())])
}
