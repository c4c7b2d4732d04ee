use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use lambdakit::dynamodb::table::Table;

/// The cost of a client's list calls: read capacity units, one number a call.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    calls: Arc<Mutex<Vec<f64>>>,
}

impl Meter {
    /// The same table with a metered client.
    #[must_use]
    pub fn watch(&self, table: &Table) -> Table {
        let config = table.client().config().to_builder().interceptor(self.clone()).build();
        Table::new(Client::from_conf(config), table.name().to_owned())
    }

    /// The cost of the calls since the last call of this method.
    #[must_use]
    pub fn take(&self) -> Vec<f64> {
        std::mem::take(&mut self.calls.lock().expect("the meter"))
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(scan) = context.input_mut().downcast_mut::<ScanInput>() {
            scan.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
        } else if let Some(query) = context.input_mut().downcast_mut::<QueryInput>() {
            query.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let scan = output.downcast_ref::<ScanOutput>().and_then(ScanOutput::consumed_capacity);
        let query = output.downcast_ref::<QueryOutput>().and_then(QueryOutput::consumed_capacity);
        let units = scan.or(query).and_then(aws_sdk_dynamodb::types::ConsumedCapacity::capacity_units);
        self.calls.lock().expect("the meter").extend(units);
        Ok(())
    }
}
