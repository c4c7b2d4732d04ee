//! The routes under `/me`. Whose data is meant is only ever the caller's.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use domain::event::Keeper;
use domain::{Timestamp, UserName};
use lambdakit::caller::Caller;
use lambdakit::page::{Page, Parameters};
use lambdakit::{Problem, telemetry};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::store::{Part, Request, RequestStore};

/// When to ask again for an export that is being collected: it takes a second or so.
const RETRY_AFTER_SECONDS: &str = "2";

/// The routes.
pub fn router(requests: RequestStore) -> Router {
    Router::new().route("/me", delete(erase)).route("/me/export", get(export)).with_state(requests)
}

async fn export(
    caller: Caller,
    State(requests): State<RequestStore>,
    mut query: Parameters,
) -> Result<Response, Problem> {
    let user_name = user_name(&caller)?;
    let export = requests.export(&user_name, telemetry::correlation_id()).await?;
    let Some(page) = query.page(format!("me/export/{}", export.request_id)) else {
        return Err(query.invalid());
    };
    if !export.is_collected() {
        let collecting = Accepted::new(&export, Status::Collecting);
        let retry_after = [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)];
        return Ok((StatusCode::ACCEPTED, retry_after, Json(collecting)).into_response());
    }
    let parts = requests.parts(&export, &page).await?;
    let account = Account { email: caller.email().map(ToOwned::to_owned) };
    let view = ExportView::new(export, account, parts).map_err(Problem::internal)?;
    Ok(Json(view).into_response())
}

async fn erase(caller: Caller, State(requests): State<RequestStore>) -> Result<Response, Problem> {
    let erasure = requests.erase(&user_name(&caller)?, telemetry::correlation_id()).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted::new(&erasure, Status::Erasing))).into_response())
}

/// The user pool takes names that the shop does not; it keeps nothing of theirs.
fn user_name(caller: &Caller) -> Result<UserName, Problem> {
    caller.user_name().parse().map_err(|_| Problem::not_found("There is no such customer."))
}

/// A request that is being worked on, as clients see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    user_name: UserName,
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
            user_name: request.user_name.clone(),
            request_id: request.request_id,
            requested_at: request.requested_at,
            status,
        }
    }
}

/// All that the shop keeps of a customer's, or a page of it, as they see it. The services that keep it wrote it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Export"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportView {
    user_name: UserName,
    request_id: Uuid,
    requested_at: Timestamp,
    account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    basket: Option<Box<RawValue>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>"))]
    orders: Vec<Box<RawValue>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>"))]
    mails: Vec<Box<RawValue>>,
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>"))]
    messages: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// What the token says of the account.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl ExportView {
    fn new(export: Request, account: Account, parts: Page<Part>) -> serde_json::Result<Self> {
        let mut view = Self {
            user_name: export.user_name,
            request_id: export.request_id,
            requested_at: export.requested_at,
            account,
            basket: None,
            orders: Vec::new(),
            mails: Vec::new(),
            messages: Vec::new(),
            next_cursor: parts.next_cursor,
        };
        for part in parts.items {
            let items: Vec<Box<RawValue>> = serde_json::from_str(&part.items)?;
            match part.keeper {
                Keeper::Basket => view.basket = items.into_iter().next(),
                Keeper::Ordering => view.orders.extend(items),
                Keeper::Notification => view.mails.extend(items),
                Keeper::Live => view.messages.extend(items),
            }
        }
        Ok(view)
    }
}
