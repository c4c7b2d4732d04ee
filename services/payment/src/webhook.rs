//! What the payment provider tells by itself: how a charge went that took its time, or that money went back.
//!
//! The route is open to the world, so nothing is looked at before the signature is. What the provider says twice is
//! answered as if it were new, or it would go on saying it.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use domain::Timestamp;
use lambdakit::api::Body;
use lambdakit::fields::Fields;
use lambdakit::signature::{BadSignature, SigningKey};
use lambdakit::{Problem, batch, telemetry};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::http_provider::ChargeObject;
use crate::provider::Charge;
use crate::store::PaymentStore;

/// Where the signature is.
pub const SIGNATURE: &str = "webhook-signature";
/// The longest id of an event that is kept.
const LONGEST_ID: usize = 100;
/// How many events of one payment are kept: a charge has three at most, and no sender is to fill the row.
const MOST_EVENTS: usize = 20;

/// Hears the provider.
#[derive(Clone, Debug)]
pub struct Ear {
    payments: PaymentStore,
    key: SigningKey,
}

impl Ear {
    /// Hears what is signed with this key.
    #[must_use]
    pub fn new(payments: PaymentStore, key: SigningKey) -> Self {
        Self { payments, key }
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), BadSignature> {
        let signature = headers.get(SIGNATURE).and_then(|signature| signature.to_str().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.key.verify(signature.ok_or(BadSignature::Malformed)?, body, now)
    }
}

/// The routes.
pub fn router(ear: Ear) -> Router {
    Router::new().route("/payment/webhook", post(hear)).with_state(ear)
}

/// What the provider tells.
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentWebhook"))]
pub(crate) struct Webhook {
    /// Names the event; one that is told again keeps it.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = LONGEST_ID)))]
    id: String,
    /// `charge.settled`, `charge.declined`, `charge.refunded`; others are taken and not looked at.
    r#type: String,
    /// Of these a charge.
    #[cfg_attr(feature = "openapi", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    data: Box<RawValue>,
}

/// What became of an event.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentWebhookReceipt"))]
pub(crate) struct Receipt {
    /// Whether it was heard before.
    replayed: bool,
}

async fn hear(
    State(ear): State<Ear>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<Receipt>, Problem> {
    ear.verify(&headers, &body).map_err(|error| {
        telemetry::count("WebhooksRefused", 1);
        unsigned(error)
    })?;
    let webhook = read(&body)?;
    telemetry::event(&webhook.r#type);
    if !matches!(&*webhook.r#type, "charge.settled" | "charge.declined" | "charge.refunded") {
        return Ok(Json(Receipt { replayed: false }));
    }
    let charge = batch::read(webhook.data.get()).map_err(|error| Problem::invalid_field("data", error))?;
    ear.learn(&webhook.id, charge).await.map(Json)
}

fn read(body: &[u8]) -> Result<Webhook, Problem> {
    let mut fields = Fields::parse(body)?;
    let id: Option<String> = fields.required("id");
    let id = id.and_then(|id| {
        let fits = (1..=LONGEST_ID).contains(&id.len());
        fields.check("id", if fits { Ok(id) } else { Err(format!("must be 1 to {LONGEST_ID} bytes")) })
    });
    let (r#type, data) = (fields.required("type"), fields.required::<Box<RawValue>>("data"));
    let (Some(id), Some(r#type), Some(data)) = (id, r#type, data) else { return Err(fields.invalid()) };
    Ok(Webhook { id, r#type, data })
}

impl Ear {
    async fn learn(&self, event: &str, charge: ChargeObject) -> Result<Receipt, Problem> {
        let unknown = || Problem::not_found(format!("There is no payment of an order {}.", charge.reference));
        let order_id = charge.reference.parse().map_err(|_| unknown())?;
        let payment = self.payments.get(order_id).await?.ok_or_else(unknown)?;
        telemetry::correlate(&payment.correlation_id);
        let charge = Charge::from(charge);
        // Of a payment that was called off before it was asked for there is no charge either.
        if !payment.is_of(&charge) {
            return Err(Problem::invalid_field("data", "is not the charge of that order"));
        }
        let heard = self.payments.change(payment, |payment| {
            if payment.heard.contains(event) {
                return true;
            }
            if payment.heard.len() < MOST_EVENTS {
                payment.heard.insert(event.to_owned());
            }
            payment.learn(&charge, Timestamp::now());
            false
        });
        let (_, replayed) = heard.await?;
        if replayed {
            telemetry::count("WebhooksReplayed", 1);
        }
        Ok(Receipt { replayed })
    }
}

/// 401: who sent it is not who it says. What exactly is wrong is for the log.
fn unsigned(error: BadSignature) -> Problem {
    telemetry::note("signature", &error.to_string());
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Unauthorized",
        "Sign the time and the body, and send the signature in the Webhook-Signature header.",
    )
}
