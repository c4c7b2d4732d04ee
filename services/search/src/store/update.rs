//! Applies changes of products.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};
use domain::{ProductId, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::Item;
use lambdakit::dynamodb::table::{self, Transaction};
use shopkit::tombstone::LIFETIME_DAYS;
use uuid::Uuid;

use super::{Indexed, Row, SearchStore, posting_key, row_key};
use crate::terms::Terms;

/// Maximum attempts when other events change the product at the same time.
const MAX_TRIES: usize = 5;
/// Maximum number of postings in a transaction. It has 100 parts at most, one of which is for the
/// product's row.
const MAX_POSTINGS: usize = 99;

impl SearchStore {
    /// Indexes this version of a product, or its deletion if it has no `indexed`. Returns `false` if
    /// a later version is known, or this one is complete.
    ///
    /// # Errors
    /// When a call fails, or other events keep changing the product.
    pub async fn apply(
        &self,
        id: ProductId,
        version: u64,
        indexed: Option<Indexed>,
    ) -> Result<bool, AwsError> {
        for _ in 0..MAX_TRIES {
            let known: Option<Row> = self.table.get_latest(row_key(id)).await?;
            let row = match known {
                Some(row) if row.version > version => return Ok(false),
                Some(row) if row.version == version && row.stale.is_none() => return Ok(false),
                Some(row) if row.version == version => row,
                known => {
                    let before = known.as_ref().map(|row| row.version);
                    let row = Row::new(version, indexed.clone(), known);
                    if !self.replace(id, &row, before).await? {
                        continue;
                    }
                    row
                }
            };
            return self.complete(id, &row).await;
        }
        Err(AwsError::Transient("the product is changed too often".to_owned()))
    }

    /// Writes a product's row; returns `false` if it has another version than `before`.
    async fn replace(&self, id: ProductId, row: &Row, before: Option<u64>) -> Result<bool, AwsError> {
        let mut item: Item = serde_dynamo::to_item(row)?;
        item.extend(row_key(id));
        let put = self.table.client().put_item().table_name(self.table.name()).set_item(Some(item));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(version)"),
            Some(before) => put
                .condition_expression("version = :before")
                .expression_attribute_values(":before", number(before)),
        };
        Ok(table::Put::of(put.send().await)?.is_done())
    }

    /// Writes the postings of a row and deletes stale ones. Returns `false` if a later version was
    /// stored meanwhile: that one deletes the postings.
    async fn complete(&self, id: ProductId, row: &Row) -> Result<bool, AwsError> {
        let Some(stale) = &row.stale else { return Ok(true) };
        let mut postings = self.postings(id, row.indexed.as_ref().map(|it| &it.terms), stale)?;
        let last = postings.split_off(postings.len().saturating_sub(1) / MAX_POSTINGS * MAX_POSTINGS);
        for part in postings.chunks(MAX_POSTINGS) {
            if !self.write(self.is_version(id, row)?, part).await? {
                return Ok(false);
            }
        }
        self.write(self.done(id, row)?, &last).await
    }

    /// Writes a part of the postings; returns `false` if the guard's condition does not hold.
    async fn write(&self, guard: TransactWriteItem, part: &[TransactWriteItem]) -> Result<bool, AwsError> {
        let parts = std::iter::once(guard).chain(part.iter().cloned()).collect();
        Ok(self.table.transact(parts, Uuid::now_v7().to_string()).await? == Transaction::Done)
    }

    /// The writes of new postings and the deletions of stale ones.
    fn postings(
        &self,
        id: ProductId,
        new: Option<&Terms>,
        stale: &[Terms],
    ) -> Result<Vec<TransactWriteItem>, AwsError> {
        let mut writes = Vec::new();
        let mut kept = BTreeSet::new();
        if let Some(terms) = new {
            for (list, place) in terms.postings(id) {
                let mut item = posting_key(&list, place.clone());
                item.insert("words".to_owned(), serde_dynamo::to_attribute_value(terms.words())?);
                let put = Put::builder().table_name(self.table.name()).set_item(Some(item)).build()?;
                writes.push(TransactWriteItem::builder().put(put).build());
                kept.insert((list, place));
            }
        }
        let old: BTreeSet<_> = stale.iter().flat_map(|terms| terms.postings(id)).collect();
        for (list, place) in old.difference(&kept) {
            let key = posting_key(list, place.clone());
            let delete = Delete::builder().table_name(self.table.name()).set_key(Some(key)).build()?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        Ok(writes)
    }

    /// The condition that the row still has this version.
    fn is_version(&self, id: ProductId, row: &Row) -> Result<TransactWriteItem, AwsError> {
        let check = ConditionCheck::builder()
            .table_name(self.table.name())
            .set_key(Some(row_key(id)))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(row.version))
            .build()?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// The same condition, and the mark that the postings are complete.
    fn done(&self, id: ProductId, row: &Row) -> Result<TransactWriteItem, AwsError> {
        let update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(row_key(id)))
            .update_expression("REMOVE stale")
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(row.version))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Row {
    /// The row of a version that follows the known one.
    fn new(version: u64, indexed: Option<Indexed>, known: Option<Self>) -> Self {
        let expires_at = indexed.is_none().then(|| Timestamp::now().plus_days(LIFETIME_DAYS).unix_seconds());
        let (before, unfinished) = known.map_or((None, None), |row| (row.indexed, row.stale));
        let before = before.map(|it| it.terms);
        let is_complete = unfinished.is_none() && before.as_ref() == indexed.as_ref().map(|it| &it.terms);
        let stale =
            (!is_complete).then(|| before.into_iter().chain(unfinished.into_iter().flatten()).collect());
        Self { version, indexed, stale, expires_at }
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
