//! The route under `/shipment`, for staff. Customers read the progress of their order instead.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::OrderId;
use domain::stock::LineQuantity;
use lambdakit::Problem;
use lambdakit::http::api::Path;
use serde::{Deserialize, Serialize};
use shopkit::staff::Staff;

use crate::shipment::{Shipment, ShipmentState, StateChange};
use crate::store::ShipmentStore;

/// The routes.
pub fn router(shipments: ShipmentStore) -> Router {
    Router::new().route("/shipment/{orderId}", get(read)).with_state(shipments)
}

/// The path parameters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShipmentPath {
    order_id: String,
}

async fn read(
    _: Staff,
    State(shipments): State<ShipmentStore>,
    Path(ShipmentPath { order_id }): Path<ShipmentPath>,
) -> Result<Json<ShipmentView>, Problem> {
    let unknown = || Problem::not_found(format!("There is no shipment of an order {order_id}."));
    let id = order_id.parse().map_err(|_| unknown())?;
    Ok(Json(shipments.get(id).await?.ok_or_else(unknown)?.into()))
}

/// The shipment of an order, for staff. It has no address.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Shipment"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentView {
    order_id: OrderId,
    state: ShipmentState,
    units: Vec<LineQuantity>,
    history: Vec<StateChange>,
}

impl From<Shipment> for ShipmentView {
    fn from(Shipment { order_id, state, units, history, .. }: Shipment) -> Self {
        Self { order_id, state, units, history }
    }
}
