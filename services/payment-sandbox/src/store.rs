//! The table of the charges: key `id`, time to live `expiresAt`.
//!
//! A charge's id derives from its key. So one conditional write creates it, and two requests cannot
//! both do so.

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::key;
use lambdakit::dynamodb::table::{Put, Table};

use crate::charge::Charge;

/// How often a change is tried when other writes come first.
const MAX_TRIES: u32 = 5;

/// The charges that were requested, or cancelled.
#[derive(Clone, Debug)]
pub struct ChargeStore {
    table: Table,
}

impl ChargeStore {
    /// The store in this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// A charge, with a consistent read.
    pub async fn get(&self, id: &str) -> Result<Option<Charge>, AwsError> {
        self.table.get_latest(key([("id", id.to_owned())])).await
    }

    /// Stores a charge. If one with its id is stored already, returns that one.
    pub async fn begin(&self, charge: &Charge) -> Result<Option<Charge>, AwsError> {
        self.there(self.put(charge)?.condition_expression("attribute_not_exists(id)")).await
    }

    /// Changes a charge that was read before, despite concurrent writes, and returns the current
    /// charge.
    pub async fn change(&self, mut charge: Charge, change: impl Fn(&mut Charge)) -> Result<Charge, AwsError> {
        for _ in 0..MAX_TRIES {
            let mut changed = charge.clone();
            change(&mut changed);
            if changed == charge {
                return Ok(charge);
            }
            changed.version += 1;
            let put = self
                .put(&changed)?
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(charge.version.to_string()));
            match self.there(put).await? {
                None => return Ok(changed),
                Some(there) => charge = there,
            }
        }
        Err(AwsError::Transient("others were faster each time".to_owned()))
    }

    fn put(&self, charge: &Charge) -> Result<PutItemFluentBuilder, AwsError> {
        let put = self.table.client().put_item().table_name(self.table.name());
        let put = put.set_item(Some(serde_dynamo::to_item(charge)?));
        Ok(put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld))
    }

    /// Writes the charge. Returns the stored one if the condition failed.
    async fn there(&self, put: PutItemFluentBuilder) -> Result<Option<Charge>, AwsError> {
        match Put::of(put.send().await)? {
            Put::Done => Ok(None),
            Put::Refused(Some(there)) => Ok(Some(serde_dynamo::from_item(there)?)),
            Put::Refused(None) => Err(AwsError::Transient("the charge has expired just now".to_owned())),
        }
    }
}
