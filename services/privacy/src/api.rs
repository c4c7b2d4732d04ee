//! The routes under `/me`, for the caller's own data, and under `/customer`, for staff. Staff can
//! name any customer, even if the account is gone.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use domain::{CustomerId, Timestamp, UserName};
use lambdakit::auth::caller::Caller;
use lambdakit::dynamodb::page::Page;
use lambdakit::http::api::{Path, path_field};
use lambdakit::http::parameters::Parameters;
use lambdakit::{Problem, telemetry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shopkit::customer::CustomerCaller;
use shopkit::deployed::DeployedServices;
use shopkit::staff::Staff;
use uuid::Uuid;

use crate::store::{Part, Request, RequestStore};

/// When to retry while an export is collected, which takes about a second.
const RETRY_AFTER_SECONDS: &str = "2";

/// The routes.
pub fn router(requests: RequestStore) -> Router {
    Router::new()
        .route("/me", delete(erase_caller))
        .route("/me/export", get(export_caller))
        .route("/customer/{customerId}", get(export_customer).delete(erase_customer))
        .with_state(requests)
}

/// The path parameters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerPath {
    customer_id: String,
}

async fn export_caller(
    caller: Caller,
    services: DeployedServices,
    State(requests): State<RequestStore>,
    query: Parameters,
) -> Result<Response, Problem> {
    let customer = CustomerCaller::own(&caller)?;
    let email = caller.email().map(ToOwned::to_owned);
    let account = Account { user_name: Some(customer.user_name), email };
    export(&requests, customer.id, &services, Some(account), query).await
}

async fn export_customer(
    _: Staff,
    services: DeployedServices,
    State(requests): State<RequestStore>,
    Path(CustomerPath { customer_id }): Path<CustomerPath>,
    query: Parameters,
) -> Result<Response, Problem> {
    export(&requests, path_field("customerId", &customer_id)?, &services, None, query).await
}

async fn export(
    requests: &RequestStore,
    customer_id: CustomerId,
    services: &DeployedServices,
    account: Option<Account>,
    mut query: Parameters,
) -> Result<Response, Problem> {
    let export = requests.export(customer_id, services, telemetry::correlation_id()).await?;
    let Some(page) = query.page(format!("export/{}", export.request_id)) else {
        return Err(query.invalid());
    };
    if !export.is_collected() {
        let collecting = Accepted::new(&export, Status::Collecting);
        let retry_after = [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)];
        return Ok((StatusCode::ACCEPTED, retry_after, Json(collecting)).into_response());
    }
    let parts = requests.parts(&export, &page).await?;
    let view = ExportView::new(&export, account, parts).map_err(Problem::internal)?;
    Ok(Json(view).into_response())
}

async fn erase_caller(
    caller: Caller,
    services: DeployedServices,
    State(requests): State<RequestStore>,
) -> Result<Response, Problem> {
    erase(&requests, CustomerCaller::own(&caller)?.id, &services).await
}

async fn erase_customer(
    _: Staff,
    services: DeployedServices,
    State(requests): State<RequestStore>,
    Path(CustomerPath { customer_id }): Path<CustomerPath>,
) -> Result<Response, Problem> {
    erase(&requests, path_field("customerId", &customer_id)?, &services).await
}

async fn erase(
    requests: &RequestStore,
    customer_id: CustomerId,
    services: &DeployedServices,
) -> Result<Response, Problem> {
    let erasure = requests.erase(customer_id, services, telemetry::correlation_id()).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted::new(&erasure, Status::Erasing))).into_response())
}

/// A request that is being worked on, as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    customer_id: CustomerId,
    request_id: Uuid,
    requested_at: Timestamp,
    status: Status,
}

/// What is being done about a request.
#[derive(Clone, Copy, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "RequestStatus"))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Collecting,
    Erasing,
}

impl Accepted {
    fn new(request: &Request, status: Status) -> Self {
        Self {
            customer_id: request.customer_id,
            request_id: request.request_id,
            requested_at: request.requested_at,
            status,
        }
    }
}

/// All data that the shop holds of a customer, or a page of it. The services that hold it wrote it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Export"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportView {
    customer_id: CustomerId,
    request_id: Uuid,
    requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    /// The data by the service that holds it.
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "BTreeMap<String, Vec<serde_json::Map<String, serde_json::Value>>>")
    )]
    data: BTreeMap<String, Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The customer's account, from the claims of their ID token.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<UserName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl ExportView {
    fn new(export: &Request, account: Option<Account>, parts: Page<Part>) -> serde_json::Result<Self> {
        let mut data: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for part in parts.items {
            let items: Vec<Box<RawValue>> = serde_json::from_str(&part.items)?;
            data.entry(part.holder).or_default().extend(items);
        }
        Ok(Self {
            customer_id: export.customer_id,
            request_id: export.request_id,
            requested_at: export.requested_at,
            account,
            data,
            next_cursor: parts.next_cursor,
        })
    }
}
