//! The payment provider behind an HTTP API: the one in `services/payment-provider`, or another that speaks like it.

use std::time::Duration;

use axum::http::StatusCode;
use domain::checkout::PaymentToken;
use domain::payment::DeclineReason;
use domain::{Currency, Money, OrderId};
use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::batch;
use lambdakit::http::{Answer, Http, NoAnswer};
use lambdakit::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::provider::{Charge, ChargeState, Provider, ProviderError};

/// How long a call may take.
pub const DEADLINE: Duration = Duration::from_secs(3);
/// How often a call is tried before its command has to wait for its queue: a provider that stumbles is up again by then.
const TRIES: u32 = 2;
/// The pause before the second try.
const PAUSE: Duration = Duration::from_millis(200);

/// A payment provider behind an HTTP API.
#[derive(Clone, Debug)]
pub struct HttpProvider {
    http: Http,
    authorization: Secret,
}

/// A charge, as it is asked for.
#[derive(Serialize)]
struct ChargeRequest<'a> {
    /// Minor units.
    amount: u64,
    currency: Currency,
    source: &'a PaymentToken,
    /// Ours, for webhooks and for people.
    reference: OrderId,
}

/// What of a charge goes back: all of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundRequest {
    /// The key that the charge was asked for with, or will be.
    charge_key: String,
}

/// A charge, as the provider tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargeObject {
    id: String,
    amount: u64,
    currency: Currency,
    /// Ours.
    pub(crate) reference: String,
    status: Status,
    #[serde(default)]
    failure_code: Option<String>,
    #[serde(default)]
    amount_refunded: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pending,
    Settled,
    Declined,
    Refunded,
    Canceled,
}

/// Why a charge was not made.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalError,
}

#[derive(Deserialize)]
struct RefusalError {
    code: String,
    #[serde(default)]
    charge: Option<ChargeObject>,
}

#[derive(Deserialize)]
struct RefundObject {
    amount: u64,
    #[serde(default)]
    currency: Option<Currency>,
}

impl From<ChargeObject> for Charge {
    fn from(charge: ChargeObject) -> Self {
        let state = match charge.status {
            Status::Pending => ChargeState::Pending,
            Status::Settled => ChargeState::Settled,
            Status::Declined => ChargeState::Declined(reason(charge.failure_code.as_deref())),
            Status::Refunded => {
                ChargeState::Refunded(Money::from_minor(charge.amount_refunded, charge.currency))
            }
            Status::Canceled => ChargeState::Canceled,
        };
        Self { id: charge.id, price: Some(Money::from_minor(charge.amount, charge.currency)), state }
    }
}

fn reason(code: Option<&str>) -> DeclineReason {
    match code {
        Some("insufficient_funds") => DeclineReason::InsufficientFunds,
        Some("unknown_token") => DeclineReason::UnknownToken,
        _ => DeclineReason::Declined,
    }
}

impl From<NoAnswer> for ProviderError {
    fn from(error: NoAnswer) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl HttpProvider {
    /// The provider whose URL is in `PROVIDER_URL`, with the key in the secret `PROVIDER_KEY_SECRET`.
    ///
    /// # Errors
    /// When one of them is missing or cannot be read.
    pub async fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let http = Http::from_env("PROVIDER_URL", DEADLINE)?;
        Ok(Self::new(http, &Secret::from_env(aws, "PROVIDER_KEY_SECRET").await?))
    }

    /// The provider there, with this key.
    #[must_use]
    pub fn new(http: Http, key: &Secret) -> Self {
        Self { http, authorization: Secret::new(format!("Bearer {}", key.reveal())) }
    }

    /// Asks until there is an answer that means something.
    async fn ask(
        &self,
        path: &str,
        key: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Answer, ProviderError> {
        let body = body.map(serde_json::to_string).transpose().map_err(broken)?;
        let mut tried = 0;
        loop {
            tried += 1;
            let answer = self.ask_once(path, key, body.clone()).await;
            match answer {
                Err(ProviderError::Unavailable(_)) if tried < TRIES => tokio::time::sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }

    async fn ask_once(&self, path: &str, key: &str, body: Option<String>) -> Result<Answer, ProviderError> {
        let authorization = ("authorization", self.authorization.reveal());
        let answer = match body {
            None => self.http.get(path, &[authorization]).await?,
            Some(body) => self.http.post(path, &[authorization, ("idempotency-key", key)], body).await?,
        };
        match answer.status {
            // 429 is no answer either, and passes.
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(ProviderError::Unavailable(format!("it answered {status}")))
            }
            _ => Ok(answer),
        }
    }
}

impl Provider for HttpProvider {
    async fn charge(
        &self,
        order_id: OrderId,
        price: Money,
        source: &PaymentToken,
    ) -> Result<Charge, ProviderError> {
        let (amount, currency) = (price.minor(), price.currency());
        let body = ChargeRequest { amount, currency, source, reference: order_id };
        let answer = self.ask("/v1/charges", &charge_key(order_id), Some(&body)).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => {
                read::<ChargeObject>(&answer).map(Charge::from)
            }
            StatusCode::PAYMENT_REQUIRED => {
                let RefusalError { code, charge } = read::<Refusal>(&answer)?.error;
                let charge = charge.ok_or_else(|| broken("a refusal names no charge"))?;
                let state = match charge.status {
                    Status::Canceled => ChargeState::Canceled,
                    _ => ChargeState::Declined(reason(Some(&code))),
                };
                Ok(Charge { state, ..charge.into() })
            }
            status => Err(broken(format!("a charge was answered with {status}"))),
        }
    }

    async fn refund(&self, order_id: OrderId) -> Result<Option<Money>, ProviderError> {
        let body = RefundRequest { charge_key: charge_key(order_id) };
        let answer = self.ask("/v1/refunds", &format!("refund-{order_id}"), Some(&body)).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => {
                let RefundObject { amount, currency } = read(&answer)?;
                Ok(currency.map(|currency| Money::from_minor(amount, currency)))
            }
            status => Err(broken(format!("a refund was answered with {status}"))),
        }
    }

    async fn find(&self, charge_id: &str) -> Result<Charge, ProviderError> {
        let answer = self.ask(&format!("/v1/charges/{charge_id}"), "", None::<&()>).await?;
        match answer.status {
            StatusCode::OK => read::<ChargeObject>(&answer).map(Charge::from),
            status => Err(broken(format!("a look at a charge was answered with {status}"))),
        }
    }
}

/// The name of an order's charge, for ever.
fn charge_key(order_id: OrderId) -> String {
    format!("charge-{order_id}")
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, ProviderError> {
    batch::read(&String::from_utf8_lossy(&answer.body)).map_err(broken)
}

fn broken(error: impl ToString) -> ProviderError {
    ProviderError::Broken(error.to_string())
}
