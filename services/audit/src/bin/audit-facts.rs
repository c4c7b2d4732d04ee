//! Writes down what becomes of orders.

use audit::order_facts::Facts;
use audit::store::AuditStore;
use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(Facts::new(AuditStore::new(Table::from_env(&dynamodb, "AUDIT_TABLE")?)))
    })
    .await
}
