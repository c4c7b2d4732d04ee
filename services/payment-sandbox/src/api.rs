//! The routes of the provider. Errors have its own format: `{"error": {"code", "message"}}`.
//!
//! The provider publishes that a webhook is due before it answers a request. A client that receives
//! no answer retries, which publishes it again.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use lambdakit::http::api::{Body, Path};
use lambdakit::idempotency::IdempotencyKey;
use lambdakit::masking::Secret;
use lambdakit::parameters::Parameter;
use lambdakit::{AwsError, Problem, telemetry};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::charge::{Behaviour, Charge, ChargeView, RefundRefusal, Request, Status, id_of};
use crate::store::ChargeStore;
use crate::webhooks::{DueWebhooks, Kind};

/// How late a charge of `tok_timeout` is answered: later than the client's timeout.
const LATE: Duration = Duration::from_secs(5);

/// The state of the routes.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The charges.
    pub charges: ChargeStore,
    /// The webhooks to send.
    pub webhooks: DueWebhooks,
    /// The key that clients send as a bearer token.
    pub api_key: Parameter<Secret>,
}

/// The routes.
pub fn router(provider: Provider) -> Router {
    Router::new()
        .route("/v1/charges", post(charge))
        .route("/v1/charges/{id}", get(find))
        .route("/v1/refunds", post(refund))
        .layer(middleware::from_fn_with_state(provider.clone(), known_client))
        .with_state(provider)
}

/// Why a request was refused.
#[derive(Debug)]
enum Refusal {
    Client(StatusCode, &'static str, String),
    Declined(Box<Charge>, Request),
    Stumbled,
    Store(AwsError),
}

impl From<AwsError> for Refusal {
    fn from(error: AwsError) -> Self {
        Self::Store(error)
    }
}

impl From<RefundRefusal> for Refusal {
    fn from(refusal: RefundRefusal) -> Self {
        Self::Client(StatusCode::UNPROCESSABLE_ENTITY, refusal.code(), refusal.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Client(status, code, message) => (status, json!({ "code": code, "message": message })),
            Self::Declined(charge, request) => {
                let code = charge.failure_code.as_deref().unwrap_or("charge_canceled");
                let charge = ChargeView::new(&charge, &request);
                let error = json!({ "code": code, "message": "Nothing was charged.", "charge": charge });
                (StatusCode::PAYMENT_REQUIRED, error)
            }
            Self::Stumbled => {
                let error = json!({ "code": "unavailable", "message": "Try again in a moment." });
                (StatusCode::SERVICE_UNAVAILABLE, error)
            }
            Self::Store(error) => return Problem::from(error).into_response(),
        };
        if let Some(code) = error["code"].as_str() {
            telemetry::field("refused", code);
        }
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// Accepts only requests with the API key.
async fn known_client(
    State(provider): State<Provider>,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    // The scheme's name is case-insensitive (RFC 9110 section 11.1).
    let sent = sent.and_then(|value| value.split_once(' '));
    let sent = sent.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    let sent = sent.map(|(_, key)| key.trim_start_matches(' ')).unwrap_or_default();
    // Comparing hashes: the length of a common prefix reveals nothing about the key.
    if Sha256::digest(sent) == Sha256::digest(provider.api_key.get().reveal()) {
        return next.run(request).await;
    }
    let message = "Send your API key as a bearer token.".to_owned();
    Refusal::Client(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response()
}

async fn charge(
    State(provider): State<Provider>,
    key: Option<IdempotencyKey>,
    Body(body): Body,
) -> Result<Response, Refusal> {
    let Some(key) = key else {
        return Err(invalid("Send an Idempotency-Key."));
    };
    let request: Request = read(&body)?;
    if request.amount == 0 || request.reference.is_empty() {
        return Err(invalid("amount must be positive, and reference must not be empty."));
    }
    let new = Charge::new(key.as_str(), &request);
    let (charge, is_new) = match provider.charges.begin(&new).await? {
        None => (new, true),
        Some(there) if there.differs_from(&request) => {
            let message = "The Idempotency-Key was used for another charge.".to_owned();
            return Err(Refusal::Client(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", message));
        }
        // It fails once.
        Some(there) if there.status == Status::Stumbled => {
            (provider.charges.change(there, Charge::settle).await?, false)
        }
        Some(there) => (there, false),
    };
    if let Some(kind) = Kind::of(charge.status) {
        provider.webhooks.add(&charge, kind).await?;
    }
    if is_new && Behaviour::of(&request.source) == Behaviour::AnswerLate {
        tokio::time::sleep(LATE).await;
    }
    let status = match charge.status {
        Status::Stumbled => return Err(Refusal::Stumbled),
        Status::Declined | Status::Canceled => return Err(Refusal::Declined(Box::new(charge), request)),
        Status::Pending => StatusCode::ACCEPTED,
        Status::Settled | Status::Refunded => StatusCode::CREATED,
    };
    if is_new {
        telemetry::count("charges", 1);
    }
    Ok((status, Json(ChargeView::new(&charge, &request))).into_response())
}

async fn find(State(provider): State<Provider>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let charge = provider.charges.get(&id).await?.filter(|charge| charge.status != Status::Stumbled);
    match charge.as_ref().and_then(ChargeView::of) {
        Some(view) => Ok(Json(view).into_response()),
        None => Err(unknown_charge()),
    }
}

/// A refund request for a charge, or for a part of one. It names the charge by its id, or by the
/// key that it was or will be requested with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundRequest {
    #[serde(default)]
    charge: Option<String>,
    #[serde(default)]
    charge_key: Option<String>,
    /// Minor units. Without it, all that is left is refunded.
    #[serde(default)]
    amount: Option<u64>,
}

/// A refund as clients see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundView<'a> {
    id: String,
    charge: &'a str,
    /// The amount of this refund.
    amount: u64,
    /// The total refunded of the charge so far.
    amount_refunded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<domain::Currency>,
}

/// A whole charge has at most one refund, so a retry needs no key: the answer is the same. Each
/// partial refund has its own key.
async fn refund(
    State(provider): State<Provider>,
    key: Option<IdempotencyKey>,
    Body(body): Body,
) -> Result<Response, Refusal> {
    let request: RefundRequest = read(&body)?;
    let part = request.amount.map(|amount| (key, amount));
    let there = match (request.charge, request.charge_key) {
        (Some(id), None) => provider.charges.get(&id).await?.ok_or_else(unknown_charge)?,
        (None, Some(key)) if part.is_none() => {
            let canceled = Charge::canceled(id_of(&key));
            provider.charges.begin(&canceled).await?.unwrap_or(canceled)
        }
        _ => return Err(invalid("Send either charge, perhaps with an amount, or chargeKey.")),
    };
    let (charge, id, amount) = match part {
        None => {
            let give_back = provider.charges.change(there, |charge| {
                charge.give_back();
            });
            let charge = give_back.await?;
            let id = charge.id.replacen("ch_", "re_", 1);
            let amount = charge.amount_refunded() - charge.refunds.values().sum::<u64>();
            (charge, id, amount)
        }
        Some((None, _)) => return Err(invalid("Send an Idempotency-Key with an amount.")),
        Some((Some(key), amount)) => {
            let refund_part = provider.charges.change(there, |charge| {
                charge.refund_part(key.as_str(), amount).ok();
            });
            let mut charge = refund_part.await?;
            // Returns the error of a refused refund. A refund that is stored succeeds again.
            charge.refund_part(key.as_str(), amount)?;
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{} {}", charge.id, key.as_str()).as_bytes());
            (charge, format!("re_{}", id.simple()), amount)
        }
    };
    if charge.amount_refunded() > 0 {
        provider.webhooks.add(&charge, Kind::Refunded).await?;
    }
    let view = RefundView {
        id,
        charge: &charge.id,
        amount,
        amount_refunded: charge.amount_refunded(),
        currency: charge.asked.as_ref().map(|asked| asked.currency),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| invalid("The body is not what this route takes."))
}

fn invalid(message: &str) -> Refusal {
    Refusal::Client(StatusCode::BAD_REQUEST, "invalid_request", message.to_owned())
}

fn unknown_charge() -> Refusal {
    Refusal::Client(StatusCode::NOT_FOUND, "unknown_charge", "There is no such charge.".to_owned())
}
