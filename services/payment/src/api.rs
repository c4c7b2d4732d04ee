//! The route under `/payment`, for staff. Customers see the status of their order instead.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::checkout::PaymentMethod;
use domain::payment::DeclineReason;
use domain::{Amount, Currency, Money, OrderId, Timestamp};
use lambdakit::Problem;
use lambdakit::http::api::Path;
use serde::{Deserialize, Serialize};
use shopkit::staff::Staff;

use crate::payment::{Payment, PaymentState, StateChange};
use crate::store::PaymentStore;

/// The routes.
pub fn router(payments: PaymentStore) -> Router {
    Router::new().route("/payment/{orderId}", get(read)).with_state(payments)
}

/// The parameters of a path.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentPath {
    order_id: String,
}

async fn read(
    _: Staff,
    State(payments): State<PaymentStore>,
    Path(PaymentPath { order_id }): Path<PaymentPath>,
) -> Result<Json<PaymentView>, Problem> {
    let unknown = || Problem::not_found(format!("There is no payment of an order {order_id}."));
    let id = order_id.parse().map_err(|_| unknown())?;
    Ok(Json(payments.get(id).await?.ok_or_else(unknown)?.into()))
}

/// The payment of an order, for staff.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Payment"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentView {
    order_id: OrderId,
    state: PaymentState,
    /// Missing if the payment was cancelled before its amount was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<PaymentMethod>,
    /// Why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<DeclineReason>,
    /// The total refunded so far; less than `amount` while the payment is `SETTLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Amount>,
    /// When that amount last grew.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded_at: Option<Timestamp>,
    /// The provider's id of the charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    charge_id: Option<String>,
    history: Vec<StateChange>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            order_id: payment.order_id,
            state: payment.state,
            amount: payment.price.map(Money::amount),
            currency: payment.price.map(Money::currency),
            method: payment.method,
            reason: payment.reason,
            refunded: payment.refunded.map(Money::amount),
            refunded_at: payment.refunded_at,
            charge_id: payment.charge_id,
            history: payment.history,
        }
    }
}
