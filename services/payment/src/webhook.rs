//! Receiver of the payment provider's webhooks: the outcomes of delayed charges, and refunds.
//!
//! The route is public, so the signature is verified before anything else. It follows Standard
//! Webhooks ([`lambdakit::webhooks`]). A redelivered webhook is answered like a new one, or its
//! sender would continue to retry.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use domain::Timestamp;
use lambdakit::http::api::Body;
use lambdakit::http::fields::Fields;
use lambdakit::json;
use lambdakit::parameters::Parameter;
use lambdakit::webhooks::{VerificationError, VerifiedWebhook, WebhookSecrets};
use lambdakit::{Problem, telemetry};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::http_provider::ChargeObject;
use crate::payment::WebhookClaim;
use crate::provider::Charge;
use crate::store::PaymentStore;

/// The event types that the shop accepts.
const TYPES: [&str; 3] = ["charge.settled", "charge.declined", "charge.refunded"];

/// Receives webhooks from the provider.
#[derive(Clone, Debug)]
pub struct WebhookReceiver {
    payments: PaymentStore,
    secrets: Parameter<WebhookSecrets>,
}

impl WebhookReceiver {
    /// A receiver of webhooks that are signed with one of these secrets.
    #[must_use]
    pub fn new(payments: PaymentStore, secrets: Parameter<WebhookSecrets>) -> Self {
        Self { payments, secrets }
    }
}

/// The routes.
pub fn router(receiver: WebhookReceiver) -> Router {
    Router::new().route("/payment/webhook", post(receive)).with_state(receiver)
}

/// What the provider reports.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentWebhook"))]
pub(crate) struct Webhook {
    /// `charge.settled`, `charge.declined`, `charge.refunded`; others are acknowledged and ignored.
    r#type: String,
    /// Of these types a charge.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    data: Option<Box<RawValue>>,
}

/// What became of a webhook.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentWebhookReceipt"))]
pub(crate) struct Receipt {
    /// Whether it took effect before.
    replayed: bool,
}

async fn receive(
    State(receiver): State<WebhookReceiver>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Receipt>, Problem> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let verified = receiver.secrets.get().verify(&headers, &body, now).map_err(|error| {
        telemetry::metric_count("WebhooksRefused", 1);
        unsigned(error)
    })?;
    let webhook = read(&body).inspect_err(|_| invalid("unreadable"))?;
    telemetry::event(&webhook.r#type);
    let Some(data) = webhook.data else {
        telemetry::count("webhooksIgnored", 1);
        return Ok(Json(Receipt { replayed: false }));
    };
    let charge: ChargeObject = json::read(data.get()).map_err(invalid_data)?;
    receiver.learn(&verified, charge, now).await.map(Json)
}

/// The data is read only for the types that the shop accepts.
fn read(body: &[u8]) -> Result<Webhook, Problem> {
    let mut fields = Fields::parse(body)?;
    let r#type: Option<String> = fields.required("type");
    if let Some(r#type) = &r#type
        && !TYPES.contains(&&**r#type)
    {
        return Ok(Webhook { r#type: r#type.clone(), data: None });
    }
    let data = fields.required::<Box<RawValue>>("data");
    let (Some(r#type), Some(data)) = (r#type, data) else { return Err(fields.invalid()) };
    Ok(Webhook { r#type, data: Some(data) })
}

impl WebhookReceiver {
    async fn learn(
        &self,
        webhook: &VerifiedWebhook,
        charge: ChargeObject,
        now: u64,
    ) -> Result<Receipt, Problem> {
        let unknown = || Problem::not_found(format!("There is no payment of an order {}.", charge.reference));
        let order_id = charge.reference.parse().map_err(|_| unknown())?;
        let payment = self.payments.get(order_id).await?.ok_or_else(unknown)?;
        telemetry::correlate(&payment.correlation_id);
        let charge = Charge::try_from(charge).map_err(invalid_data)?;
        // A payment that was cancelled before it was requested has no charge either.
        if !payment.is_of(&charge) {
            return Err(invalid_data("is not the charge of that order"));
        }
        let claimed = self.payments.change(payment, |payment| {
            let claim = payment.claim_webhook(&webhook.id, webhook.timestamp, now);
            if claim == WebhookClaim::New {
                payment.learn(&charge, Timestamp::now());
            }
            claim
        });
        match claimed.await?.1 {
            WebhookClaim::New => Ok(Receipt { replayed: false }),
            WebhookClaim::Replayed => {
                telemetry::count("webhooksReplayed", 1);
                Ok(Receipt { replayed: true })
            }
            WebhookClaim::Full => Err(Problem::unavailable("too many webhooks about one payment in a day")),
        }
    }
}

/// 422: the reported charge is invalid.
fn invalid_data(reason: impl ToString) -> Problem {
    let reason = reason.to_string();
    invalid(&reason);
    Problem::invalid_field("data", reason)
}

/// Counts a webhook that is signed but invalid: an operator must investigate.
fn invalid(reason: &str) {
    telemetry::metric_count("WebhooksInvalid", 1);
    telemetry::field("invalid", reason);
}

/// 401: the sender is not authenticated. The exact reason is only logged.
fn unsigned(error: VerificationError) -> Problem {
    telemetry::field("signature", &error.to_string());
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Unauthorized",
        "Sign as Standard Webhooks does: the headers Webhook-Id, Webhook-Timestamp and Webhook-Signature.",
    )
}
