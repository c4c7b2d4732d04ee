//! The payment provider behind an HTTP API: the one in `services/payment-sandbox`, or another with
//! the same API.

use std::time::Duration;

use axum::http::StatusCode;
use domain::checkout::PaymentToken;
use domain::payment::DeclineReason;
use domain::{Currency, Money, OrderId};
use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::http_client::{HttpClient, HttpClientError, Response};
use lambdakit::json;
use lambdakit::masking::Secret;
use lambdakit::parameters::Parameter;
use serde::{Deserialize, Serialize};

use crate::provider::{Charge, ChargeState, Provider, ProviderError};

/// How long a call may take.
pub const DEADLINE: Duration = Duration::from_secs(3);
/// How often a call is tried before its command waits on its queue. A provider that fails briefly
/// is available again by then.
const TRIES: u32 = 2;
/// The pause before the second try.
const PAUSE: Duration = Duration::from_millis(200);

/// A payment provider behind an HTTP API.
#[derive(Clone, Debug)]
pub struct HttpProvider {
    http: HttpClient,
    key: Parameter<Secret>,
}

/// A charge request.
#[derive(Serialize)]
struct ChargeRequest<'a> {
    /// Minor units.
    amount: u64,
    currency: Currency,
    source: &'a PaymentToken,
    /// The order id, for webhooks and for people.
    reference: OrderId,
}

/// A refund request, always for the whole charge.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundRequest {
    /// The idempotency key that the charge was requested with, or will be.
    charge_key: String,
}

/// A charge, as the provider reports it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChargeObject {
    id: String,
    amount: u64,
    currency: Currency,
    /// The reference that the shop sent.
    pub(crate) reference: String,
    status: Status,
    #[serde(default)]
    failure_code: Option<String>,
    /// The total refunded so far, in minor units of the same currency.
    #[serde(default)]
    amount_refunded: Option<u64>,
}

/// Why a charge that the provider reports is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidCharge {
    /// The id becomes part of a path, and of a row.
    #[error("id must be 1 to {MAX_ID_LENGTH} letters, digits, '-', '_' or '.'")]
    Id,
    /// The amount of a refunded charge must not be guessed.
    #[error("amountRefunded must be given of a refunded charge, and more than 0")]
    MissingRefund,
    /// A refund cannot exceed the charge.
    #[error("amountRefunded must not be more than amount")]
    RefundExceedsCharge,
    /// What was not charged cannot be refunded.
    #[error("amountRefunded must be 0 of what is not charged")]
    RefundWithoutCharge,
}

/// The longest id of a charge, in bytes.
const MAX_ID_LENGTH: usize = 100;

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

/// A refund, as the provider reports it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundObject {
    /// The total refunded of the charge so far.
    amount_refunded: u64,
    /// Missing if the charge was never requested.
    #[serde(default)]
    currency: Option<Currency>,
}

impl TryFrom<ChargeObject> for Charge {
    type Error = InvalidCharge;

    fn try_from(charge: ChargeObject) -> Result<Self, InvalidCharge> {
        let is_id_character = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(1..=MAX_ID_LENGTH).contains(&charge.id.len()) || !charge.id.bytes().all(is_id_character) {
            return Err(InvalidCharge::Id);
        }
        let state = match (charge.status, charge.amount_refunded) {
            (Status::Refunded, None | Some(0)) => return Err(InvalidCharge::MissingRefund),
            (Status::Settled | Status::Refunded, refunded) => {
                let refunded = refunded.unwrap_or_default();
                if refunded > charge.amount {
                    return Err(InvalidCharge::RefundExceedsCharge);
                }
                ChargeState::Settled { refunded: Money::from_minor(refunded, charge.currency) }
            }
            (_, Some(1..)) => return Err(InvalidCharge::RefundWithoutCharge),
            (Status::Pending, _) => ChargeState::Pending,
            (Status::Declined, _) => ChargeState::Declined(reason(charge.failure_code.as_deref())),
            (Status::Canceled, _) => ChargeState::Canceled,
        };
        Ok(Self { id: charge.id, price: Money::from_minor(charge.amount, charge.currency), state })
    }
}

fn reason(code: Option<&str>) -> DeclineReason {
    match code {
        Some("insufficient_funds") => DeclineReason::InsufficientFunds,
        Some("unknown_token") => DeclineReason::UnknownToken,
        _ => DeclineReason::Declined,
    }
}

impl From<HttpClientError> for ProviderError {
    fn from(error: HttpClientError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl HttpProvider {
    /// The provider whose URL is in `PROVIDER_URL`, with the key in the parameter that
    /// `PROVIDER_KEY_PARAMETER` names.
    ///
    /// # Errors
    /// When one of them is missing or cannot be read.
    pub async fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let http = HttpClient::from_env("PROVIDER_URL", DEADLINE)?;
        Ok(Self::new(http, Parameter::from_env(aws, "PROVIDER_KEY_PARAMETER").await?))
    }

    /// The provider behind this client, with this key.
    #[must_use]
    pub fn new(http: HttpClient, key: Parameter<Secret>) -> Self {
        Self { http, key }
    }

    /// Sends a request, and retries while the provider is unavailable, up to `TRIES` attempts.
    async fn ask(
        &self,
        path: &str,
        key: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Response, ProviderError> {
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

    async fn ask_once(&self, path: &str, key: &str, body: Option<String>) -> Result<Response, ProviderError> {
        let authorization = format!("Bearer {}", self.key.get().reveal());
        let authorization = ("authorization", &*authorization);
        let answer = match body {
            None => self.http.get(path, &[authorization]).await?,
            Some(body) => self.http.post(path, &[authorization, ("idempotency-key", key)], body).await?,
        };
        match answer.status {
            // 429 is temporary too.
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
                charge_of(order_id, read(&answer)?)
            }
            StatusCode::PAYMENT_REQUIRED => {
                let RefusalError { code, charge } = read::<Refusal>(&answer)?.error;
                let charge = charge.ok_or_else(|| broken("a refusal names no charge"))?;
                let charge = charge_of(order_id, charge)?;
                match charge.state {
                    ChargeState::Canceled => Ok(charge),
                    ChargeState::Declined(_) => {
                        Ok(Charge { state: ChargeState::Declined(reason(Some(&code))), ..charge })
                    }
                    _ => Err(broken("a refusal names a charge that was not refused")),
                }
            }
            status => Err(broken(format!("a charge was answered with {status}"))),
        }
    }

    async fn refund(&self, order_id: OrderId) -> Result<Option<Money>, ProviderError> {
        let body = RefundRequest { charge_key: charge_key(order_id) };
        let answer = self.ask("/v1/refunds", &format!("refund-{order_id}"), Some(&body)).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => {
                let RefundObject { amount_refunded, currency } = read(&answer)?;
                if currency.is_none() && amount_refunded > 0 {
                    return Err(broken("a refund names no currency"));
                }
                Ok(currency.map(|currency| Money::from_minor(amount_refunded, currency)))
            }
            status => Err(broken(format!("a refund was answered with {status}"))),
        }
    }

    async fn find(&self, charge_id: &str) -> Result<Charge, ProviderError> {
        let answer = self.ask(&format!("/v1/charges/{charge_id}"), "", None::<&()>).await?;
        match answer.status {
            StatusCode::OK => Charge::try_from(read::<ChargeObject>(&answer)?).map_err(broken),
            status => Err(broken(format!("a look at a charge was answered with {status}"))),
        }
    }
}

/// The idempotency key of an order's charge. It never changes.
fn charge_key(order_id: OrderId) -> String {
    format!("charge-{order_id}")
}

/// The reported charge, if it has the order's reference.
fn charge_of(order_id: OrderId, charge: ChargeObject) -> Result<Charge, ProviderError> {
    if charge.reference != order_id.to_string() {
        return Err(broken("a charge has another reference than was sent"));
    }
    Charge::try_from(charge).map_err(broken)
}

fn read<T: serde::de::DeserializeOwned>(answer: &Response) -> Result<T, ProviderError> {
    json::read(&String::from_utf8_lossy(&answer.body)).map_err(broken)
}

fn broken(error: impl ToString) -> ProviderError {
    ProviderError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn charge(
        status: &str,
        amount_refunded: Value,
    ) -> Result<Result<Charge, InvalidCharge>, json::Unreadable> {
        let mut charge = json!({
            "id": "ch_1", "amount": 2468, "currency": "USD", "reference": "order-1", "status": status,
        });
        if !amount_refunded.is_null() {
            charge["amountRefunded"] = amount_refunded;
        }
        json::read::<ChargeObject>(&charge.to_string()).map(Charge::try_from)
    }

    #[test]
    fn refunded_amounts_are_those_of_the_charge() {
        for (status, reported, expected) in [
            ("settled", Value::Null, 0),
            ("settled", json!(0), 0),
            // Providers differ in the status of a partially refunded charge.
            ("settled", json!(100), 100),
            ("refunded", json!(100), 100),
            ("refunded", json!(2468), 2468),
        ] {
            let Charge { state, .. } = charge(status, reported.clone()).unwrap().unwrap();
            let refunded = Money::from_minor(expected, "USD".parse().unwrap());
            assert_eq!(state, ChargeState::Settled { refunded }, "{status} {reported}");
        }
    }

    #[test]
    fn refunded_amounts_that_cannot_be_are_refused() {
        for (status, reported, expected) in [
            ("refunded", Value::Null, InvalidCharge::MissingRefund),
            ("refunded", json!(0), InvalidCharge::MissingRefund),
            ("refunded", json!(2469), InvalidCharge::RefundExceedsCharge),
            ("settled", json!(u64::MAX), InvalidCharge::RefundExceedsCharge),
            ("pending", json!(1), InvalidCharge::RefundWithoutCharge),
            ("declined", json!(2468), InvalidCharge::RefundWithoutCharge),
            ("canceled", json!(1), InvalidCharge::RefundWithoutCharge),
        ] {
            assert_eq!(charge(status, reported.clone()).unwrap(), Err(expected), "{status} {reported}");
        }
        for no_amount in [json!(-1), json!(1.5), json!("100"), json!([100]), json!(1e30), json!(true)] {
            assert!(charge("refunded", no_amount.clone()).is_err(), "{no_amount}");
        }
    }

    #[test]
    fn charge_ids_fit_into_a_path() {
        for (id, fits) in
            [("ch_1-a.B", true), ("", false), ("../refunds", false), ("ch 1", false), ("ch?", false)]
        {
            let charge =
                json!({ "id": id, "amount": 1, "currency": "USD", "reference": "", "status": "settled" });
            let charge = Charge::try_from(json::read::<ChargeObject>(&charge.to_string()).unwrap());
            assert_eq!(charge.is_ok(), fits, "{id}");
        }
    }
}
