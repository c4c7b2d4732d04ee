//! Answers HTTP requests for `/audit`.

use audit::api::router;
use audit::store::AuditStore;
use lambdakit::api;
use lambdakit::aws::Aws;
use lambdakit::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(router(AuditStore::new(Table::from_env(&dynamodb, "AUDIT_TABLE")?)))
    })
    .await
}
