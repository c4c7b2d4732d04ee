//! The table of the charges: key `id`, time to live `expiresAt`.
//!
//! A charge's id follows from its key, so that one conditional write makes it, and no two requests can both do so.

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use lambdakit::AwsError;
use lambdakit::table::{Put, Table, key};

use crate::charge::Charge;

/// How often a change is tried that others are faster than.
const MAX_TRIES: u32 = 5;

/// The charges that were asked for, or cancelled.
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

    /// A charge, after every write that was answered before.
    pub async fn get(&self, id: &str) -> Result<Option<Charge>, AwsError> {
        self.table.get_latest(key([("id", id.to_owned())])).await
    }

    /// Keeps a charge unless there is one of its id, which is given then.
    pub async fn begin(&self, charge: &Charge) -> Result<Option<Charge>, AwsError> {
        self.there(self.put(charge)?.condition_expression("attribute_not_exists(id)")).await
    }

    /// Changes a charge that was read before, whatever others do to it meanwhile, and gives it as it stands then.
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

    /// Writes, and gives what is there instead if the condition did not hold.
    async fn there(&self, put: PutItemFluentBuilder) -> Result<Option<Charge>, AwsError> {
        match Put::of(put.send().await)? {
            Put::Done => Ok(None),
            Put::Refused(Some(there)) => Ok(Some(serde_dynamo::from_item(there)?)),
            Put::Refused(None) => Err(AwsError::Transient("the charge has expired just now".to_owned())),
        }
    }
}
