//! A DynamoDB table, with the calls that all stores share.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, DeleteRequest, KeysAndAttributes, TransactWriteItem, WriteRequest,
};
use serde::de::DeserializeOwned;

use crate::aws::AwsError;
use crate::config::{self, ConfigError};
use crate::dynamodb::item::Item;
use crate::dynamodb::page::{Page, PageRequest};

/// Maximum attempts of a transaction that conflicts with others, and of a batch read that leaves
/// keys unprocessed.
const MAX_TRIES: u32 = 5;

/// Maximum number of items that one `BatchWriteItem` call deletes (DynamoDB quota).
const MAX_DELETES: usize = 25;

/// A table of an account.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table of this name.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The table whose name is in this variable.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn from_env(client: &Client, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(client.clone(), config::required(variable)?))
    }

    /// The client, for calls that are specific to one store.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The name, for calls that are specific to one store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The item of this key, by an eventually consistent read: half the price of
    /// [`Self::get_latest`].
    pub async fn get<T: DeserializeOwned>(&self, key: Item) -> Result<Option<T>, AwsError> {
        self.get_item(key, false).await
    }

    /// The item of this key, by a strongly consistent read.
    pub async fn get_latest<T: DeserializeOwned>(&self, key: Item) -> Result<Option<T>, AwsError> {
        self.get_item(key, true).await
    }

    async fn get_item<T: DeserializeOwned>(&self, key: Item, latest: bool) -> Result<Option<T>, AwsError> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key)).consistent_read(latest);
        Ok(get.send().await?.item.map(serde_dynamo::from_item).transpose()?)
    }

    /// The items of these keys, 100 at most, in no particular order; a key without an item is left
    /// out. `latest` requests strongly consistent reads, at twice the price.
    ///
    /// # Errors
    /// When a call fails, or keys stay unprocessed after all attempts.
    pub async fn get_many(&self, keys: Vec<Item>, latest: bool) -> Result<Vec<Item>, AwsError> {
        let (mut asked, mut items) = (keys, Vec::new());
        for attempt in 0..MAX_TRIES {
            if asked.is_empty() {
                return Ok(items);
            }
            // Even a zero-length sleep takes a millisecond.
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(25) * attempt).await;
            }
            let keys = KeysAndAttributes::builder().set_keys(Some(asked)).consistent_read(latest).build();
            let found = self.client.batch_get_item().request_items(&self.name, keys?).send().await?;
            items.extend(found.responses.into_iter().flat_map(HashMap::into_values).flatten());
            asked = found.unprocessed_keys.into_iter().flatten().flat_map(|(_, keys)| keys.keys).collect();
        }
        Err(AwsError::Transient("the table left keys unprocessed".to_owned()))
    }

    /// Deletes the items of these keys, in calls of 25. A key without an item is no error.
    ///
    /// # Errors
    /// When a call fails, or leaves items unprocessed: some of the items may be deleted.
    pub async fn delete_many(&self, keys: Vec<Item>) -> Result<(), AwsError> {
        for keys in keys.chunks(MAX_DELETES) {
            let request = |key: &Item| {
                let delete = DeleteRequest::builder().set_key(Some(key.clone())).build()?;
                Ok::<_, AwsError>(WriteRequest::builder().delete_request(delete).build())
            };
            let requests = keys.iter().map(request).collect::<Result<_, _>>()?;
            let write = self.client.batch_write_item().request_items(&self.name, requests);
            if write.send().await?.unprocessed_items.is_some_and(|left| !left.is_empty()) {
                return Err(AwsError::Transient(format!("{} left items unprocessed", self.name)));
            }
        }
        Ok(())
    }

    /// A page of all items, in DynamoDB's order.
    pub async fn scan<T: DeserializeOwned>(&self, page: &PageRequest) -> Result<Page<T>, AwsError> {
        let (items, next) = self.scan_page(self.client.scan(), page).await?;
        page.page(items, next)
    }

    /// A page of the items in a keys-only index, in the index's order. The items are read from the
    /// table by strongly consistent reads; `key` names the table's key attributes.
    ///
    /// # Errors
    /// When a call fails, or an item cannot be read.
    pub async fn scan_index<T: DeserializeOwned>(
        &self,
        index: &str,
        key: &[&str],
        page: &PageRequest,
    ) -> Result<Page<T>, AwsError> {
        let (keys, next) = self.scan_page(self.client.scan().index_name(index), page).await?;
        page.page(self.items_of(keys, key).await?, next)
    }

    /// The same for a query of a keys-only index.
    ///
    /// # Errors
    /// When a call fails, or an item cannot be read.
    pub async fn query_index<T: DeserializeOwned>(
        &self,
        query: QueryFluentBuilder,
        key: &[&str],
        page: &PageRequest,
    ) -> Result<Page<T>, AwsError> {
        let (keys, next) = self.query_page(query, page).await?;
        page.page(self.items_of(keys, key).await?, next)
    }

    /// The items of index entries, in the order of the entries. Items that are gone since are left
    /// out.
    async fn items_of(&self, entries: Vec<Item>, key: &[&str]) -> Result<Vec<Item>, AwsError> {
        let key_of = |item: &Item| -> Item {
            key.iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone()))).collect()
        };
        let keys: Vec<Item> = entries.iter().map(key_of).collect();
        let mut items = self.get_many(keys, true).await?;
        // An item that has left the index since, or moved in it, no longer matches its entry.
        let in_order = entries.iter().filter_map(|entry| {
            let is_found = |item: &Item| {
                entry.iter().all(|(name, value)| item.get(name).is_some_and(|there| there == value))
            };
            let place = items.iter().position(is_found)?;
            Some(items.swap_remove(place))
        });
        Ok(in_order.collect())
    }

    async fn scan_page(
        &self,
        scan: ScanFluentBuilder,
        page: &PageRequest,
    ) -> Result<(Vec<Item>, Option<Item>), AwsError> {
        let scan = scan.table_name(&self.name);
        let found = scan.limit(page.limit()).set_exclusive_start_key(page.start()).send().await;
        let found = found.map_err(|error| page_error(error, page))?;
        Ok((found.items.unwrap_or_default(), found.last_evaluated_key))
    }

    async fn query_page(
        &self,
        query: QueryFluentBuilder,
        page: &PageRequest,
    ) -> Result<(Vec<Item>, Option<Item>), AwsError> {
        let query = query.table_name(&self.name);
        let found = query.limit(page.limit()).set_exclusive_start_key(page.start()).send().await;
        let found = found.map_err(|error| page_error(error, page))?;
        Ok((found.items.unwrap_or_default(), found.last_evaluated_key))
    }

    /// Writes all parts or nothing. `token` makes the transaction idempotent. If the response to an
    /// attempt was lost, the next attempt reports success, whatever happened in between.
    pub async fn transact(
        &self,
        parts: Vec<TransactWriteItem>,
        token: String,
    ) -> Result<Transaction, AwsError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let write = self.client.transact_write_items().client_request_token(&token);
            let Err(error) = write.set_transact_items(Some(parts.clone())).send().await else {
                return Ok(Transaction::Done);
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(error.into());
            };
            let reasons = cancelled.cancellation_reasons();
            // Another transaction is in progress, or the tables are throttled. A condition that
            // fails beside it may see a part of that transaction.
            let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
            if places(reasons, &passing).is_empty() {
                let refused = places(reasons, &["ConditionalCheckFailed"]);
                return if refused.is_empty() {
                    Err(error.into())
                } else {
                    Ok(Transaction::Refused(refused))
                };
            }
            if attempt == MAX_TRIES {
                return Err(AwsError::Transient("other transactions hold the items".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(20) * 2_u32.pow(attempt)).await;
        }
    }

    /// A page of the results of a query of this table.
    pub async fn query<T: DeserializeOwned>(
        &self,
        query: QueryFluentBuilder,
        page: &PageRequest,
    ) -> Result<Page<T>, AwsError> {
        let (items, next) = self.query_page(query, page).await?;
        page.page(items, next)
    }
}

/// DynamoDB validates the start key of a page, so it rejects a forged cursor.
fn page_error<E, R>(error: SdkError<E, R>, page: &PageRequest) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let invalid = error.code() == Some("ValidationException");
    if invalid && page.start().is_some() { AwsError::InvalidCursor } else { error.into() }
}

/// The result of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// All parts were written.
    Done,
    /// Nothing was written: the conditions of these parts, counted from 0, did not hold.
    Refused(Vec<usize>),
}

/// The parts of a transaction that were cancelled for one of these reasons.
fn places(reasons: &[CancellationReason], codes: &[&str]) -> Vec<usize> {
    let is_such = |reason: &CancellationReason| reason.code().is_some_and(|code| codes.contains(&code));
    (0..reasons.len()).filter(|&place| is_such(&reasons[place])).collect()
}

/// The result of a conditional put.
#[derive(Debug)]
pub enum Put {
    /// The item was written.
    Done,
    /// The condition did not hold. Contains the existing item, if the call requested it.
    Refused(Option<Item>),
}

impl Put {
    /// Distinguishes a refused put from a failed one.
    pub fn of<R>(result: Result<PutItemOutput, SdkError<PutItemError, R>>) -> Result<Self, AwsError>
    where
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match result {
            Ok(_) => Ok(Self::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(Self::Refused(refusal.item.clone()))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Whether the item was written.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}
