//! Webhooks to the provider's client: POST requests, signed as Standard Webhooks defines
//! ([`lambdakit::webhooks`]), and retried until the client answers with 2xx.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::uri::InvalidUri;
use domain::Timestamp;
use lambdakit::aws::Aws;
use lambdakit::http_client::HttpClient;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::{Entry, Publisher};
use lambdakit::messaging::schedule::Schedules;
use lambdakit::parameters::{LazyParameter, Parameter};
use lambdakit::webhooks::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, WebhookSecrets};
use lambdakit::{AwsError, ConfigError, config, telemetry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::charge::{Charge, ChargeView, Status};
use crate::store::ChargeStore;

/// The source of the events.
const SOURCE: &str = "shop.payment-sandbox";
/// How long the client may take to answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// The type of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It was charged.
    #[serde(rename = "charge.settled")]
    Settled,
    /// It was declined.
    #[serde(rename = "charge.declined")]
    Declined,
    /// It was refunded, in whole or in part.
    #[serde(rename = "charge.refunded")]
    Refunded,
}

impl Kind {
    /// The webhook for a charge in this state, to be sent now or later.
    #[must_use]
    pub fn of(status: Status) -> Option<Self> {
        match status {
            Status::Pending | Status::Settled => Some(Self::Settled),
            Status::Declined => Some(Self::Declined),
            Status::Refunded => Some(Self::Refunded),
            Status::Stumbled | Status::Canceled => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "charge.settled",
            Self::Declined => "charge.declined",
            Self::Refunded => "charge.refunded",
        }
    }
}

/// Publishes an event for each webhook that is to be sent.
#[derive(Clone, Debug)]
pub struct DueWebhooks {
    publisher: Publisher,
    schedules: Schedules,
    settle_after: Duration,
}

impl DueWebhooks {
    /// Pending charges settle after `settle_after`.
    #[must_use]
    pub fn new(publisher: Publisher, schedules: Schedules, settle_after: Duration) -> Self {
        Self { publisher, schedules, settle_after }
    }

    /// Reads the bus, the schedules' settings and `SETTLE_AFTER_SECONDS`.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let settle_after = Duration::from_secs(config::parsed("SETTLE_AFTER_SECONDS")?);
        Ok(Self::new(Publisher::from_env(aws)?, Schedules::from_env(aws)?, settle_after))
    }

    /// Publishes that a webhook about a charge is due: at once, or when the charge will have
    /// settled.
    pub async fn add(&self, charge: &Charge, kind: Kind) -> Result<(), AwsError> {
        let is_later = charge.status == Status::Pending;
        let due = WebhookDue {
            charge: charge.id.clone(),
            kind,
            amount_refunded: (kind == Kind::Refunded).then(|| charge.amount_refunded()),
            occurred_at: (!is_later).then(Timestamp::now),
        };
        let event = Entry::new(SOURCE, "WebhookDue", &due);
        let event = event.map_err(|error| AwsError::Permanent(error.to_string()))?;
        if is_later {
            // A charge settles once, so a repeated request uses the same schedule.
            let name = format!("{}-settle", charge.id);
            self.schedules.publish_after(self.settle_after, &name, &event).await
        } else {
            self.publisher.publish_one(event).await
        }
    }
}

/// A webhook to send. No other service consumes this event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDue {
    charge: String,
    kind: Kind,
    /// For a refund, the total refunded at that time: it may have grown since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount_refunded: Option<u64>,
    /// Missing for an event that occurs when the webhook is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Timestamp>,
}

/// The events that the function consumes.
#[derive(Clone, Debug, Deserialize)]
pub enum SandboxEvent {
    /// A webhook is due.
    WebhookDue(WebhookDue),
}

/// The body of the request, as Standard Webhooks defines it.
#[derive(Serialize)]
struct Webhook<'a> {
    r#type: Kind,
    /// When it happened, not when it was sent.
    timestamp: Timestamp,
    data: ChargeView<'a>,
}

/// Sends webhooks to the client.
#[derive(Clone, Debug)]
pub struct WebhookSender {
    charges: ChargeStore,
    route: LazyParameter<WebhookRoute>,
    secrets: Parameter<WebhookSecrets>,
}

/// The client's route for webhooks, below the URL of its API.
#[derive(Clone, Debug)]
pub struct WebhookRoute(HttpClient);

impl FromStr for WebhookRoute {
    type Err = InvalidUri;

    fn from_str(api_url: &str) -> Result<Self, InvalidUri> {
        HttpClient::new(&format!("{}/payment/webhook", api_url.trim_end_matches('/')), DEADLINE).map(Self)
    }
}

/// The client did not accept a webhook.
#[derive(Debug, thiserror::Error)]
#[error("the webhook was answered with {0}")]
pub struct NotTaken(u16);

impl WebhookSender {
    /// A sender of webhooks about these charges to this route, signed with each of these secrets.
    #[must_use]
    pub fn new(
        charges: ChargeStore,
        route: LazyParameter<WebhookRoute>,
        secrets: Parameter<WebhookSecrets>,
    ) -> Self {
        Self { charges, route, secrets }
    }

    /// A sender to the API whose URL is in the parameter that `API_URL_PARAMETER` names. It signs
    /// with the secrets in the parameter that `WEBHOOK_SECRET_PARAMETER` names.
    ///
    /// # Errors
    /// When one of them is missing or cannot be read.
    pub async fn from_env(aws: &Aws, charges: ChargeStore) -> Result<Self, ConfigError> {
        let route = LazyParameter::from_env(aws, "API_URL_PARAMETER")?;
        Ok(Self::new(charges, route, Parameter::from_env(aws, "WEBHOOK_SECRET_PARAMETER").await?))
    }

    async fn send(
        &self,
        WebhookDue { charge, kind, amount_refunded, occurred_at }: WebhookDue,
    ) -> Result<(), HandlerError> {
        // An expired charge needs no webhook.
        let Some(charge) = self.charges.get(&charge).await? else { return Ok(()) };
        let charge = match kind {
            Kind::Settled => self.charges.change(charge, Charge::settle).await?,
            Kind::Declined | Kind::Refunded => charge,
        };
        let view = ChargeView::of(&charge).filter(|_| charge.status != Status::Canceled);
        let Some(data) = view else { return Ok(()) };
        let route = self.route.get().await?;
        // The id derives from the charge and its event, so a resent webhook has the same id.
        let (name, data) = match kind {
            Kind::Settled | Kind::Declined => (format!("{} {}", charge.id, kind.as_str()), data),
            Kind::Refunded => {
                let amount = amount_refunded.unwrap_or_else(|| charge.amount_refunded());
                (format!("{} {} {amount}", charge.id, kind.as_str()), data.when_refunded(amount))
            }
        };
        let id = format!("evt_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple());
        let timestamp = occurred_at.unwrap_or_else(Timestamp::now);
        let body = serde_json::to_string(&Webhook { r#type: kind, timestamp, data })?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = self.secrets.get().sign(&id, now, body.as_bytes());
        let now = now.to_string();
        let headers = [(WEBHOOK_ID, &*id), (WEBHOOK_TIMESTAMP, &*now), (WEBHOOK_SIGNATURE, &*signature)];
        let answer = route.0.post("", &headers, body).await?;
        if !answer.status.is_success() {
            return Err(NotTaken(answer.status.as_u16()).into());
        }
        telemetry::count("webhooksTaken", 1);
        Ok(())
    }
}

impl consumer::Handler for WebhookSender {
    type Event = SandboxEvent;

    async fn handle(&self, SandboxEvent::WebhookDue(due): SandboxEvent) -> Result<(), HandlerError> {
        self.send(due).await
    }
}
