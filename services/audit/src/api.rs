//! The routes under `/audit`.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::order::Reason;
use domain::stock::LineQuantity;
use domain::{Amount, Currency, Money, OrderId, Timestamp};
use lambdakit::Problem;
use lambdakit::dynamodb::page::Page;
use lambdakit::http::api::Path;
use lambdakit::http::parameters::Parameters;
use serde::{Deserialize, Serialize};
use shopkit::staff::Staff;
use uuid::Uuid;

use crate::entry::Entry;
use crate::store::AuditStore;

/// The routes.
pub fn router(audit: AuditStore) -> Router {
    Router::new().route("/audit/{orderId}", get(list)).with_state(audit)
}

/// The path parameters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuditPath {
    order_id: String,
}

/// Returns an empty page for an unknown order.
async fn list(
    _: Staff,
    State(audit): State<AuditStore>,
    Path(AuditPath { order_id }): Path<AuditPath>,
    mut query: Parameters,
) -> Result<Json<Page<EntryView>>, Problem> {
    let order_id: OrderId =
        order_id.parse().map_err(|_| Problem::not_found(format!("There is no order {order_id}.")))?;
    let Some(page) = query.page(format!("audit/{order_id}")) else { return Err(query.invalid()) };
    Ok(Json(audit.list(order_id, &page).await?.map(EntryView::from)))
}

/// An event in the history of an order, for staff.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AuditEntry"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryView {
    order_id: OrderId,
    event_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    #[serde(rename = "type")]
    kind: String,
    version: u32,
    occurred_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Vec<LineQuantity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_price: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            order_id: entry.order_id,
            event_id: entry.event_id,
            causation_id: entry.causation_id,
            kind: entry.kind,
            version: entry.version,
            occurred_at: entry.occurred_at,
            units: entry.units,
            total_price: entry.total_price.map(Money::amount),
            currency: entry.total_price.map(Money::currency),
            reason: entry.reason,
        }
    }
}
