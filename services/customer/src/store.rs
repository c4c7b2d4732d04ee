//! The customer table: key `userName` and `item`, a stream, time to live `expiresAt`.
//!
//! | `item` | is |
//! | --- | --- |
//! | `export` | the request for an export, and which parts have come |
//! | `part#<request>#<keeper>#<number>` | a part of an export |
//! | `erasure` | the request to be forgotten, and who has done so |

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, Put as PutPart, ReturnValue, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update, WriteRequest,
};
use domain::event::{CustomerDataCollected, CustomerDataErased, Keeper};
use domain::{Timestamp, UserName};
use lambdakit::StoreError;
use lambdakit::page::{Page, PageRequest};
use lambdakit::table::{self, Item, Put, Table};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an export can be fetched.
const EXPORT_DAYS: u32 = 1;
/// How long an erasure is waited for: longer than its events can wait in queues and dead-letter queues.
const ERASURE_DAYS: u32 = 30;

/// The most rows that one `BatchWriteItem` call takes.
const BATCH: i32 = 25;

const PARTS: &str = "part#";
pub(crate) const EXPORT: &str = "export";
pub(crate) const ERASURE: &str = "erasure";

/// What customers have asked for.
#[derive(Clone, Debug)]
pub struct RequestStore {
    table: Table,
}

/// A customer's request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Whose.
    pub user_name: UserName,
    item: String,
    /// Names the request.
    pub request_id: Uuid,
    /// When it was made.
    pub requested_at: Timestamp,
    correlation_id: String,
    /// The parts of an export that have come, or the keepers that have erased. A set, so that what comes twice is in it
    /// once; DynamoDB has no empty ones.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    done: BTreeSet<String>,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

/// A part of an export. It is not for logs, so it has no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    user_name: UserName,
    item: String,
    /// Who kept it.
    pub keeper: Keeper,
    /// A JSON array.
    pub items: String,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

/// How far an erasure has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// Nobody keeps anything any more.
    Everything,
    /// Somebody still does.
    Something,
    /// There is no such erasure, or none any more.
    Unknown,
}

impl Request {
    fn new(user_name: &UserName, item: &str, correlation_id: String, days: u32) -> Self {
        let now = Timestamp::now();
        Self {
            user_name: user_name.clone(),
            item: item.to_owned(),
            request_id: Uuid::now_v7(),
            requested_at: now,
            correlation_id,
            done: BTreeSet::new(),
            expires_at: now.plus_days(days).unix_seconds(),
        }
    }

    /// DynamoDB removes what has expired within days only.
    fn is_alive(&self) -> bool {
        self.expires_at > Timestamp::now().unix_seconds()
    }

    /// Each keeper has handed over all of its parts.
    #[must_use]
    pub fn is_collected(&self) -> bool {
        let has = |keeper, part, last| self.done.contains(&mark(keeper, part, last));
        let all_of = |keeper| {
            let whole =
                |last: &u32| (0..*last).all(|part| has(keeper, part, false) || has(keeper, part, true));
            (0..).take(self.done.len()).filter(|part| has(keeper, *part, true)).any(|last| whole(&last))
        };
        Keeper::ALL.into_iter().all(all_of)
    }

    fn is_erased(&self) -> bool {
        Keeper::ALL.into_iter().all(|keeper| self.done.contains(keeper.name()))
    }
}

/// How a part is noted that has come.
fn mark(keeper: Keeper, part: u32, last: bool) -> String {
    format!("{}#{part}{}", keeper.name(), if last { "#last" } else { "" })
}

impl RequestStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The customer's export: the one that there is, or a new one.
    pub async fn export(&self, user_name: &UserName, correlation_id: String) -> Result<Request, StoreError> {
        let there: Option<Request> = self.table.get_latest(key(user_name, EXPORT)).await?;
        match there.filter(Request::is_alive) {
            Some(export) => Ok(export),
            None => self.begin(Request::new(user_name, EXPORT, correlation_id, EXPORT_DAYS)).await,
        }
    }

    /// The customer's erasure: the one that there is, or a new one.
    pub async fn erase(&self, user_name: &UserName, correlation_id: String) -> Result<Request, StoreError> {
        self.begin(Request::new(user_name, ERASURE, correlation_id, ERASURE_DAYS)).await
    }

    /// Keeps a new request, or gives the one that is there.
    async fn begin(&self, request: Request) -> Result<Request, StoreError> {
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(&request)?))
            .condition_expression("attribute_not_exists(requestId) OR expiresAt <= :now")
            .expression_attribute_values(
                ":now",
                AttributeValue::N(Timestamp::now().unix_seconds().to_string()),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Put::of(put.send().await)? {
            Put::Done => Ok(request),
            Put::Refused(Some(there)) => Ok(serde_dynamo::from_item(there)?),
            Put::Refused(None) => Err(StoreError::Unavailable("the request came and went".to_owned())),
        }
    }

    /// Keeps a part of an export, and notes that it has come, unless nobody waits for it any more.
    pub async fn collect(&self, collected: &CustomerDataCollected) -> Result<(), StoreError> {
        let CustomerDataCollected { user_name, export_id, keeper, part, last, items } = collected;
        let row = Part {
            user_name: user_name.clone(),
            item: format!("{}{}#{part:05}", parts_of(*export_id), keeper.name()),
            keeper: *keeper,
            items: serde_json::to_string(items).map_err(|error| StoreError::Broken(error.to_string()))?,
            expires_at: Timestamp::now().plus_days(EXPORT_DAYS).unix_seconds(),
        };
        let broken = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Broken(error.to_string());
        let put =
            PutPart::builder().table_name(self.table.name()).set_item(Some(serde_dynamo::to_item(row)?));
        let note = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(key(user_name, EXPORT)))
            .update_expression("ADD done :mark")
            .condition_expression("requestId = :id")
            .expression_attribute_values(":mark", AttributeValue::Ss(vec![mark(*keeper, *part, *last)]))
            .expression_attribute_values(":id", AttributeValue::S(export_id.to_string()));
        let writes = vec![
            TransactWriteItem::builder().put(put.build().map_err(broken)?).build(),
            TransactWriteItem::builder().update(note.build().map_err(broken)?).build(),
        ];
        self.table.transact(writes, Uuid::now_v7().to_string()).await.map(drop)
    }

    /// A page of an export's parts.
    pub async fn parts(&self, export: &Request, page: &PageRequest) -> Result<Page<Part>, StoreError> {
        let query = self
            .table
            .client()
            .query()
            .key_condition_expression("userName = :userName AND begins_with(#item, :parts)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":userName", AttributeValue::S(export.user_name.to_string()))
            .expression_attribute_values(":parts", AttributeValue::S(parts_of(export.request_id)));
        self.table.query(query, page).await
    }

    /// Notes who has erased what they kept.
    pub async fn erased(&self, erased: &CustomerDataErased) -> Result<Erased, StoreError> {
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key(&erased.user_name, ERASURE)))
            .update_expression("ADD done :keeper")
            .condition_expression("requestId = :id")
            .expression_attribute_values(":keeper", AttributeValue::Ss(vec![erased.keeper.name().to_owned()]))
            .expression_attribute_values(":id", AttributeValue::S(erased.erasure_id.to_string()))
            .return_values(ReturnValue::AllNew);
        match update.send().await {
            Ok(updated) => {
                let erasure: Request = serde_dynamo::from_item(updated.attributes.unwrap_or_default())?;
                Ok(if erasure.is_erased() { Erased::Everything } else { Erased::Something })
            }
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(Erased::Unknown),
                _ => Err(error.into()),
            },
        }
    }

    /// Removes the customer's export, first the request, so that no part comes after.
    pub async fn forget_export(&self, user_name: &UserName) -> Result<(), StoreError> {
        let delete = self.table.client().delete_item().table_name(self.table.name());
        delete.set_key(Some(key(user_name, EXPORT))).send().await?;
        loop {
            let parts = self
                .table
                .client()
                .query()
                .table_name(self.table.name())
                .key_condition_expression("userName = :userName AND begins_with(#item, :parts)")
                .projection_expression("userName, #item")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":userName", AttributeValue::S(user_name.to_string()))
                .expression_attribute_values(":parts", AttributeValue::S(PARTS.to_owned()))
                .consistent_read(true)
                .limit(BATCH);
            let keys = parts.send().await?.items.unwrap_or_default();
            if keys.is_empty() {
                return Ok(());
            }
            self.delete(keys).await?;
        }
    }

    async fn delete(&self, keys: Vec<Item>) -> Result<(), StoreError> {
        let request = |key| {
            let delete = DeleteRequest::builder().set_key(Some(key)).build();
            let delete = delete.map_err(|error| StoreError::Broken(error.to_string()))?;
            Ok::<_, StoreError>(WriteRequest::builder().delete_request(delete).build())
        };
        let requests = keys.into_iter().map(request).collect::<Result<_, _>>()?;
        let write = self.table.client().batch_write_item().request_items(self.table.name(), requests);
        match write.send().await?.unprocessed_items {
            Some(left) if !left.is_empty() => {
                Err(StoreError::Unavailable("the customer table left rows unprocessed".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Removes an erasure that is done.
    pub async fn forget_erasure(&self, user_name: &UserName) -> Result<(), StoreError> {
        let delete = self.table.client().delete_item().table_name(self.table.name());
        delete.set_key(Some(key(user_name, ERASURE))).send().await?;
        Ok(())
    }
}

/// What the sort keys of an export's parts begin with.
fn parts_of(export_id: Uuid) -> String {
    format!("{PARTS}{export_id}#")
}

fn key(user_name: &UserName, item: &str) -> Item {
    table::key([("userName", user_name.to_string()), ("item", item.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an export is whole that has these parts of basket and ordering, and all of the other keepers.
    fn collected(done: &[&str]) -> bool {
        let mut export = Request::new(&"swn".parse().unwrap(), EXPORT, String::new(), EXPORT_DAYS);
        let others =
            Keeper::ALL.into_iter().filter(|keeper| !matches!(keeper, Keeper::Basket | Keeper::Ordering));
        export.done = done.iter().map(ToString::to_string).collect();
        export.done.extend(others.map(|keeper| mark(keeper, 0, true)));
        export.is_collected()
    }

    #[test]
    fn an_export_is_whole_when_every_keeper_has_handed_over_all_parts_up_to_its_last() {
        assert!(collected(&["basket#0#last", "ordering#0#last"]));
        assert!(collected(&["basket#0#last", "ordering#0", "ordering#1", "ordering#2#last"]));
        for missing in [
            &[][..],
            &["basket#0#last"],
            &["basket#0#last", "ordering#0"],
            &["basket#0#last", "ordering#0", "ordering#2#last"],
            &["ordering#0#last"],
        ] {
            assert!(!collected(missing), "{missing:?}");
        }
    }

    #[test]
    fn no_export_is_whole_without_one_of_the_keepers() {
        let mut export = Request::new(&"swn".parse().unwrap(), EXPORT, String::new(), EXPORT_DAYS);
        export.done = Keeper::ALL.into_iter().map(|keeper| mark(keeper, 0, true)).collect();
        assert!(export.is_collected());
        for keeper in Keeper::ALL {
            let mut without = export.clone();
            without.done.remove(&mark(keeper, 0, true));
            assert!(!without.is_collected(), "{keeper:?}");
        }
    }

    #[test]
    fn a_last_part_that_is_not_the_last_any_more_is_a_part_like_others() {
        // An order was placed before the orders were collected a second time.
        assert!(collected(&["basket#0#last", "ordering#0#last", "ordering#0", "ordering#1#last"]));
        assert!(collected(&["basket#0#last", "ordering#0#last", "ordering#1#last"]));
    }
}
