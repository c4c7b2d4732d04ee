//! Webhooks to the provider's client: POST requests, signed as Standard Webhooks defines
//! ([`lambdakit::auth::signature`]), and retried until the client answers with 2xx.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use lambdakit::auth::signature::{WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, WebhookSecrets};
use lambdakit::aws::Aws;
use lambdakit::http::client::Http;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::command::CommandQueue;
use lambdakit::messaging::consumer;
use lambdakit::secret::Secret;
use lambdakit::{AwsError, ConfigError, config, telemetry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::charge::{Charge, ChargeView, Status};
use crate::store::ChargeStore;

/// The source of the messages.
const SOURCE: &str = "payment-sandbox";
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

/// The queue of webhooks to send.
#[derive(Clone, Debug)]
pub struct WebhookQueue {
    commands: CommandQueue,
    settle_after: u16,
}

impl WebhookQueue {
    /// The webhooks in this queue. Pending charges settle after this many seconds.
    #[must_use]
    pub fn new(commands: CommandQueue, settle_after: u16) -> Self {
        Self { commands, settle_after }
    }

    /// The queue in `WEBHOOK_QUEUE_URL`, and the seconds in `SETTLE_AFTER_SECONDS`.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let commands = CommandQueue::from_env(&aws.sqs(), "WEBHOOK_QUEUE_URL")?;
        Ok(Self::new(commands, config::parsed("SETTLE_AFTER_SECONDS")?))
    }

    /// Queues a webhook about a charge: to be sent at once, or when it will have settled.
    pub async fn put(&self, charge: &Charge, kind: Kind) -> Result<(), AwsError> {
        let is_later = charge.status == Status::Pending;
        let seconds = if is_later { self.settle_after } else { 0 };
        let due = Due {
            charge: charge.id.clone(),
            kind,
            amount_refunded: (kind == Kind::Refunded).then(|| charge.amount_refunded()),
            occurred_at: (!is_later).then(Timestamp::now),
        };
        self.commands.send_later(SOURCE, "WebhookDue", &due, seconds).await
    }
}

/// A webhook to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    charge: String,
    kind: Kind,
    /// For a refund, the total refunded at that time: it may have grown since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount_refunded: Option<u64>,
    /// Missing for an event that occurs when the webhook is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Timestamp>,
}

/// The messages that the function consumes.
#[derive(Clone, Debug, Deserialize)]
pub enum Message {
    /// A webhook is due.
    WebhookDue(Due),
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
    client: Http,
    secrets: WebhookSecrets,
}

/// The client did not accept a webhook.
#[derive(Debug, thiserror::Error)]
#[error("the webhook was answered with {0}")]
pub struct NotTaken(u16);

impl WebhookSender {
    /// A sender of webhooks about these charges to this client, signed with each of these secrets.
    #[must_use]
    pub fn new(charges: ChargeStore, client: Http, secrets: WebhookSecrets) -> Self {
        Self { charges, client, secrets }
    }

    /// A sender to the client at `WEBHOOK_URL`, which signs with the secrets in the secret
    /// `WEBHOOK_SECRET`.
    ///
    /// # Errors
    /// When one of them is missing or cannot be read.
    pub async fn from_env(aws: &Aws, charges: ChargeStore) -> Result<Self, ConfigError> {
        let client = Http::from_env("WEBHOOK_URL", DEADLINE)?;
        let secrets = WebhookSecrets::of(&Secret::from_env(aws, "WEBHOOK_SECRET").await?)?;
        Ok(Self::new(charges, client, secrets))
    }

    async fn tell(
        &self,
        Due { charge, kind, amount_refunded, occurred_at }: Due,
    ) -> Result<(), HandlerError> {
        // An expired charge needs no webhook.
        let Some(charge) = self.charges.get(&charge).await? else { return Ok(()) };
        let charge = match kind {
            Kind::Settled => self.charges.change(charge, Charge::settle).await?,
            Kind::Declined | Kind::Refunded => charge,
        };
        let view = ChargeView::of(&charge).filter(|_| charge.status != Status::Canceled);
        let Some(data) = view else { return Ok(()) };
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
        let signature = self.secrets.sign(&id, now, body.as_bytes());
        let now = now.to_string();
        let headers = [(WEBHOOK_ID, &*id), (WEBHOOK_TIMESTAMP, &*now), (WEBHOOK_SIGNATURE, &*signature)];
        let answer = self.client.post("", &headers, body).await?;
        if !answer.status.is_success() {
            return Err(NotTaken(answer.status.as_u16()).into());
        }
        telemetry::count("WebhooksTaken", 1);
        Ok(())
    }
}

impl consumer::Handler for WebhookSender {
    type Event = Message;

    async fn handle(&self, Message::WebhookDue(due): Message) -> Result<(), HandlerError> {
        self.tell(due).await
    }
}
