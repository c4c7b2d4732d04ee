//! What the payment provider reports by itself: how a charge went that took its time, or that money went back.
//!
//! The route is open to the world, so nothing is looked at before the signature is, which follows the scheme of Standard
//! Webhooks ([`lambdakit::signature`]). A webhook that is sent again is answered as if it were new, or its sender would
//! go on.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use domain::Timestamp;
use lambdakit::api::Body;
use lambdakit::fields::Fields;
use lambdakit::signature::{VerificationError, VerifiedWebhook, WebhookSecrets};
use lambdakit::{Problem, batch, telemetry};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::http_provider::ChargeObject;
use crate::payment::WebhookClaim;
use crate::provider::Charge;
use crate::store::PaymentStore;

/// The events that the shop takes in.
const TYPES: [&str; 3] = ["charge.settled", "charge.declined", "charge.refunded"];

/// Hears the provider.
#[derive(Clone, Debug)]
pub struct WebhookReceiver {
    payments: PaymentStore,
    secrets: WebhookSecrets,
}

impl WebhookReceiver {
    /// Hears what is signed with one of these secrets.
    #[must_use]
    pub fn new(payments: PaymentStore, secrets: WebhookSecrets) -> Self {
        Self { payments, secrets }
    }
}

/// The routes.
pub fn router(ear: WebhookReceiver) -> Router {
    Router::new().route("/payment/webhook", post(hear)).with_state(ear)
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

async fn hear(
    State(ear): State<WebhookReceiver>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Receipt>, Problem> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let verified = ear.secrets.verify(&headers, &body, now).map_err(|error| {
        telemetry::count("WebhooksRefused", 1);
        unsigned(error)
    })?;
    let webhook = read(&body).inspect_err(|_| invalid("unreadable"))?;
    telemetry::event(&webhook.r#type);
    let Some(data) = webhook.data else {
        telemetry::count("WebhooksIgnored", 1);
        return Ok(Json(Receipt { replayed: false }));
    };
    let charge: ChargeObject = batch::read(data.get()).map_err(invalid_data)?;
    ear.learn(&verified, charge, now).await.map(Json)
}

/// The data is read of those types alone that the shop takes in.
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
        // Of a payment that was cancelled before it was asked for there is no charge either.
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
                telemetry::count("WebhooksReplayed", 1);
                Ok(Receipt { replayed: true })
            }
            WebhookClaim::Full => Err(Problem::unavailable("too many webhooks about one payment in a day")),
        }
    }
}

/// 422: the provider reports what cannot be.
fn invalid_data(reason: impl ToString) -> Problem {
    let reason = reason.to_string();
    invalid(&reason);
    Problem::invalid_field("data", reason)
}

/// Counts a webhook that is signed and makes no sense: somebody has to look at it.
fn invalid(reason: &str) {
    telemetry::count("WebhooksInvalid", 1);
    telemetry::field("invalid", reason);
}

/// 401: who sent it is not who it says. What exactly is wrong is for the log.
fn unsigned(error: VerificationError) -> Problem {
    telemetry::field("signature", &error.to_string());
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Unauthorized",
        "Sign as Standard Webhooks does: the headers Webhook-Id, Webhook-Timestamp and Webhook-Signature.",
    )
}
