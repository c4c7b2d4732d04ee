//! The privacy table: key `customerId` and `item`, a stream, time to live `expiresAt`.
//!
//! | `item` | is |
//! | --- | --- |
//! | `export` | the request for an export, and which parts have arrived |
//! | `part#<request>#<holder>#<run>#<number>` | a part of an export |
//! | `erasure` | the request for an erasure, and which holders have erased |
//!
//! A request lists the services that held data when it was made. It is complete when each of them
//! has answered. A holder may collect more than once if its message is redelivered. The first run
//! whose parts have all arrived counts; no other run adds to the export.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{
    AttributeValue, Put as PutPart, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use contracts::privacy::{CustomerDataCollected, CustomerDataErased};
use domain::{CustomerId, Timestamp};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::{self, Item};
use lambdakit::dynamodb::page::{Page, PageRequest};
use lambdakit::dynamodb::table::{Put, Table, Transaction};
use serde::{Deserialize, Serialize};
use shopkit::deployed::DeployedServices;
use uuid::Uuid;

/// How long an export can be fetched.
const EXPORT_DAYS: u32 = 1;
/// How long an erasure request is kept: longer than its delay, and its events can wait in queues and
/// dead-letter queues after that, two weeks each.
const ERASURE_DAYS: u32 = 30;

/// The most rows that one `BatchWriteItem` call takes.
const BATCH: i32 = 25;

const PARTS: &str = "part#";
pub(crate) const EXPORT: &str = "export";
pub(crate) const ERASURE: &str = "erasure";

/// The services that hold customer data, where they are deployed.
const HOLDERS: [&str; 4] = ["basket", "notification", "ordering", "realtime"];

/// The requests of customers.
#[derive(Clone, Debug)]
pub struct RequestStore {
    table: Table,
}

/// A customer's request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The customer.
    pub customer_id: CustomerId,
    item: String,
    /// Identifies the request.
    pub request_id: Uuid,
    /// When it was made.
    pub requested_at: Timestamp,
    correlation_id: String,
    /// The services that held data when the request was made.
    holders: BTreeSet<String>,
    /// The parts of an export that have arrived, or the holders that have erased. A set stores a
    /// redelivered part once; DynamoDB has no empty sets.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    done: BTreeSet<String>,
    /// For an export, the run of each holder that counts.
    #[serde(default)]
    runs: BTreeMap<String, Uuid>,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

/// A part of an export. It must not be logged, so there is no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    customer_id: CustomerId,
    item: String,
    /// The service that holds the data.
    pub holder: String,
    run_id: Uuid,
    /// A JSON array.
    pub items: String,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

/// The progress of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// No holder has data any more.
    Everything,
    /// A holder may still have data.
    Something,
    /// There is no such erasure, or it is gone.
    Unknown,
}

impl Request {
    fn new(
        customer_id: CustomerId,
        item: &str,
        services: &DeployedServices,
        correlation_id: String,
        days: u32,
    ) -> Self {
        let now = Timestamp::now();
        Self {
            customer_id,
            item: item.to_owned(),
            request_id: Uuid::now_v7(),
            requested_at: now,
            correlation_id,
            holders: HOLDERS
                .into_iter()
                .filter(|holder| services.include(holder))
                .map(ToOwned::to_owned)
                .collect(),
            done: BTreeSet::new(),
            runs: BTreeMap::new(),
            expires_at: now.plus_days(days).unix_seconds(),
        }
    }

    /// DynamoDB removes expired items only within days.
    fn is_alive(&self) -> bool {
        self.expires_at > Timestamp::now().unix_seconds()
    }

    /// Whether each holder has sent all of its parts.
    #[must_use]
    pub fn is_collected(&self) -> bool {
        self.holders.iter().all(|holder| self.runs.contains_key(holder))
    }

    /// Whether all parts of a holder's run have arrived, up to its last.
    fn is_whole(&self, holder: &str, run_id: Uuid) -> bool {
        let has = |part, last| self.done.contains(&mark(holder, run_id, part, last));
        let last = (0..).take(self.done.len()).find(|part| has(*part, true));
        last.is_some_and(|last| (0..last).all(|part| has(part, false)))
    }

    fn counts(&self, part: &Part) -> bool {
        self.runs.get(&part.holder) == Some(&part.run_id)
    }

    fn is_erased(&self) -> bool {
        self.holders.is_subset(&self.done)
    }
}

/// The entry in `done` for a part that has arrived.
fn mark(holder: &str, run_id: Uuid, part: u32, last: bool) -> String {
    format!("{holder}#{run_id}#{part}{}", if last { "#last" } else { "" })
}

impl RequestStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The customer's export: the existing one, or a new one by the deployed services.
    pub async fn export(
        &self,
        customer_id: CustomerId,
        services: &DeployedServices,
        correlation_id: String,
    ) -> Result<Request, AwsError> {
        let there: Option<Request> = self.table.get_latest(key(customer_id, EXPORT)).await?;
        match there.filter(Request::is_alive) {
            Some(export) => Ok(export),
            None => {
                let export = Request::new(customer_id, EXPORT, services, correlation_id, EXPORT_DAYS);
                self.begin(export).await
            }
        }
    }

    /// The customer's erasure: the existing one, or a new one by the deployed services.
    pub async fn erase(
        &self,
        customer_id: CustomerId,
        services: &DeployedServices,
        correlation_id: String,
    ) -> Result<Request, AwsError> {
        self.begin(Request::new(customer_id, ERASURE, services, correlation_id, ERASURE_DAYS)).await
    }

    /// Stores a new request, or returns the existing one.
    async fn begin(&self, request: Request) -> Result<Request, AwsError> {
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
            Put::Refused(None) => Err(AwsError::Transient("the request came and went".to_owned())),
        }
    }

    /// Stores a part of an export, and marks it as arrived. Ignores the part if the export is gone
    /// or the run does not count.
    pub async fn collect(&self, collected: &CustomerDataCollected) -> Result<(), AwsError> {
        let CustomerDataCollected { customer_id, export_id, holder, run_id, part, last, items } = collected;
        let row = Part {
            customer_id: *customer_id,
            item: format!("{}{holder}#{run_id}#{part:05}", parts_of(*export_id)),
            holder: holder.clone(),
            run_id: *run_id,
            items: serde_json::to_string(items).map_err(|error| AwsError::Permanent(error.to_string()))?,
            expires_at: Timestamp::now().plus_days(EXPORT_DAYS).unix_seconds(),
        };
        let put =
            PutPart::builder().table_name(self.table.name()).set_item(Some(serde_dynamo::to_item(row)?));
        let update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(key(*customer_id, EXPORT)))
            .update_expression("ADD done :mark")
            .condition_expression(
                "requestId = :id AND (attribute_not_exists(runs.#holder) OR runs.#holder = :run)",
            )
            .expression_attribute_names("#holder", holder)
            .expression_attribute_values(
                ":mark",
                AttributeValue::Ss(vec![mark(holder, *run_id, *part, *last)]),
            )
            .expression_attribute_values(":run", AttributeValue::S(run_id.to_string()))
            .expression_attribute_values(":id", AttributeValue::S(export_id.to_string()));
        let writes = vec![
            TransactWriteItem::builder().put(put.build()?).build(),
            TransactWriteItem::builder().update(update.build()?).build(),
        ];
        match self.table.transact(writes, Uuid::now_v7().to_string()).await? {
            Transaction::Done => self.choose_run(collected).await,
            Transaction::Refused(_) => Ok(()),
        }
    }

    /// Makes a holder's run count once all of its parts have arrived, unless another run counts.
    async fn choose_run(&self, collected: &CustomerDataCollected) -> Result<(), AwsError> {
        let CustomerDataCollected { customer_id, export_id, holder, run_id, .. } = collected;
        let export: Option<Request> = self.table.get_latest(key(*customer_id, EXPORT)).await?;
        if !export.is_some_and(|export| export.is_whole(holder, *run_id)) {
            return Ok(());
        }
        let choose = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key(*customer_id, EXPORT)))
            .update_expression("SET runs.#holder = :run")
            .condition_expression("requestId = :id AND attribute_not_exists(runs.#holder)")
            .expression_attribute_names("#holder", holder)
            .expression_attribute_values(":run", AttributeValue::S(run_id.to_string()))
            .expression_attribute_values(":id", AttributeValue::S(export_id.to_string()));
        match choose.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    /// A page of an export's parts, by a consistent read. Parts of runs that do not count are left
    /// out.
    pub async fn parts(&self, export: &Request, page: &PageRequest) -> Result<Page<Part>, AwsError> {
        let query = self
            .table
            .client()
            .query()
            .consistent_read(true)
            .key_condition_expression("customerId = :customerId AND begins_with(#item, :parts)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":customerId", AttributeValue::S(export.customer_id.to_string()))
            .expression_attribute_values(":parts", AttributeValue::S(parts_of(export.request_id)));
        let mut parts: Page<Part> = self.table.query(query, page).await?;
        parts.items.retain(|part| export.counts(part));
        Ok(parts)
    }

    /// Whether this erasure was requested and is not completed, by a consistent read.
    pub async fn is_erasing(&self, customer_id: CustomerId, erasure_id: Uuid) -> Result<bool, AwsError> {
        let erasure: Option<Request> = self.table.get_latest(key(customer_id, ERASURE)).await?;
        Ok(erasure.is_some_and(|erasure| erasure.request_id == erasure_id))
    }

    /// Records that a holder has erased its data.
    pub async fn erased(&self, erased: &CustomerDataErased) -> Result<Erased, AwsError> {
        let update = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(key(erased.customer_id, ERASURE)))
            .update_expression("ADD done :holder")
            .condition_expression("requestId = :id")
            .expression_attribute_values(":holder", AttributeValue::Ss(vec![erased.holder.clone()]))
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

    /// Deletes the customer's export. The request goes first, so that no part is added afterwards.
    pub async fn delete_export(&self, customer_id: CustomerId) -> Result<(), AwsError> {
        let delete = self.table.client().delete_item().table_name(self.table.name());
        delete.set_key(Some(key(customer_id, EXPORT))).send().await?;
        loop {
            let parts = self
                .table
                .client()
                .query()
                .table_name(self.table.name())
                .key_condition_expression("customerId = :customerId AND begins_with(#item, :parts)")
                .projection_expression("customerId, #item")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":customerId", AttributeValue::S(customer_id.to_string()))
                .expression_attribute_values(":parts", AttributeValue::S(PARTS.to_owned()))
                .consistent_read(true)
                .limit(BATCH);
            let keys = parts.send().await?.items.unwrap_or_default();
            if keys.is_empty() {
                return Ok(());
            }
            self.table.delete_many(keys).await?;
        }
    }

    /// Deletes a finished erasure.
    pub async fn delete_erasure(&self, customer_id: CustomerId, erasure_id: Uuid) -> Result<(), AwsError> {
        let delete = self.table.client().delete_item().table_name(self.table.name());
        let delete = delete
            .set_key(Some(key(customer_id, ERASURE)))
            .condition_expression("requestId = :id")
            .expression_attribute_values(":id", AttributeValue::S(erasure_id.to_string()));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}

/// The prefix of the sort keys of an export's parts.
fn parts_of(export_id: Uuid) -> String {
    format!("{PARTS}{export_id}#")
}

fn key(customer_id: CustomerId, item: &str) -> Item {
    item::key([("customerId", customer_id.to_string()), ("item", item.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Uuid = Uuid::from_u128(1);
    const SECOND: Uuid = Uuid::from_u128(2);

    fn export(done: &[String]) -> Request {
        let customer_id = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a".parse().unwrap();
        let services = DeployedServices::new(["basket", "ordering", "product"]);
        let mut export = Request::new(customer_id, EXPORT, &services, String::new(), EXPORT_DAYS);
        export.done = done.iter().cloned().collect();
        export
    }

    #[test]
    fn a_run_is_whole_when_all_parts_up_to_its_last_have_arrived() {
        let [zero, one] = [0, 1].map(|part| mark("ordering", FIRST, part, false));
        let last = |part| mark("ordering", FIRST, part, true);
        assert!(export(&[last(0)]).is_whole("ordering", FIRST));
        assert!(export(&[zero.clone(), one, last(2)]).is_whole("ordering", FIRST));
        for missing in [vec![], vec![zero.clone()], vec![zero, last(2)], vec![last(1)]] {
            assert!(!export(&missing).is_whole("ordering", FIRST), "{missing:?}");
        }
    }

    #[test]
    fn parts_of_two_runs_make_no_whole() {
        let mixed = [mark("ordering", FIRST, 0, false), mark("ordering", SECOND, 1, true)];
        for run in [FIRST, SECOND] {
            assert!(!export(&mixed).is_whole("ordering", run));
        }
        assert!(!export(&[mark("basket", FIRST, 0, true)]).is_whole("ordering", FIRST));
    }

    #[test]
    fn an_export_is_collected_when_a_run_of_each_holder_counts() {
        let mut export = export(&[]);
        for holder in ["basket", "ordering"] {
            assert!(!export.is_collected());
            export.runs.insert(holder.to_owned(), FIRST);
        }
        assert!(export.is_collected());
    }
}
