//! The routes under `/stock`, for staff. Customers see in the catalogue what they may know of it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::{ProductId, Timestamp};
use lambdakit::Problem;
use lambdakit::http::api::{Body, Path};
use lambdakit::idempotency::IdempotencyKey;
use serde::{Deserialize, Serialize};
use shopkit::staff::Staff;

use crate::request;
use crate::store::{Receipt, ReceiptOutcome, Stock, StockStore};

/// The routes.
pub fn router(stock: StockStore) -> Router {
    Router::new()
        .route("/stock/{productId}", get(read))
        .route("/stock/{productId}/receipts", post(take_in))
        .with_state(stock)
}

/// The parameters of a path.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StockPath {
    product_id: String,
}

async fn read(
    _: Staff,
    State(stock): State<StockStore>,
    Path(StockPath { product_id }): Path<StockPath>,
) -> Result<Json<StockView>, Problem> {
    let id = parse(&product_id)?;
    let found = stock.stock(id).await?;
    let found =
        found.ok_or_else(|| Problem::not_found(format!("Nothing of product {id} was ever taken in.")))?;
    Ok(Json(found.into()))
}

/// Does not check the catalogue: units may arrive before their product is on sale.
async fn take_in(
    _: Staff,
    State(stock): State<StockStore>,
    Path(StockPath { product_id }): Path<StockPath>,
    key: Option<IdempotencyKey>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let product_id = parse(&product_id)?;
    let quantity = request::receipt(&body)?.get();
    // A delivery that is counted twice would be sold twice.
    let key =
        key.ok_or_else(|| Problem::bad_request("Idempotency-Key is required: it names the delivery."))?;
    match stock.take_in(&Receipt { product_id, quantity, key }).await? {
        ReceiptOutcome::Counted(stock) => {
            Ok((StatusCode::CREATED, Json(StockView::from(stock))).into_response())
        }
        ReceiptOutcome::KeyReused => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "Idempotency-Key reused",
            "The Idempotency-Key was used for another number of units.",
        )),
    }
}

fn parse(id: &str) -> Result<ProductId, Problem> {
    id.parse().map_err(|_| Problem::not_found(format!("There is no product {id}.")))
}

/// The stock of a product as staff see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Stock"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StockView {
    product_id: ProductId,
    on_hand: u64,
    reserved: u64,
    received: u64,
    shipped: u64,
    updated_at: Timestamp,
}

impl From<Stock> for StockView {
    fn from(stock: Stock) -> Self {
        Self {
            product_id: stock.product_id,
            on_hand: stock.on_hand,
            reserved: stock.reserved,
            received: stock.received,
            shipped: stock.shipped,
            updated_at: stock.updated_at,
        }
    }
}
