//! A charge, and its states.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::{Currency, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long a charge is kept: longer than an order can wait for its parcel, and then be cancelled.
const DAYS: u32 = 180;
/// How many partial refunds a charge can have.
const MAX_REFUNDS: usize = 100;

/// The state of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not reported: the first attempt was answered with an error.
    Stumbled,
    /// It settles later.
    Pending,
    /// It was charged, though no money moves.
    Settled,
    /// It was declined.
    Declined,
    /// It was refunded in full. A partially refunded charge is `Settled`.
    Refunded,
    /// It was cancelled before it was charged, perhaps before it was requested.
    Canceled,
}

/// A charge request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Minor units.
    pub amount: u64,
    /// The currency of the amount.
    pub currency: Currency,
    /// The token of a means of payment. It is not stored.
    pub source: String,
    /// The client's reference of the charge.
    pub reference: String,
}

/// A charge as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// Derives from the idempotency key of the request, so there is one charge for each key.
    pub id: String,
    /// Its state.
    pub status: Status,
    /// What was requested; missing if the charge was cancelled before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<String>,
    /// Partial refunds in minor units, by the idempotency keys of their requests.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<String, u64>,
    /// When it was first requested or cancelled.
    pub created: Timestamp,
    /// Counts the writes.
    pub version: u64,
    /// Unix seconds, DynamoDB's unit for its time to live.
    pub expires_at: i64,
}

/// What was requested, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Minor units.
    pub amount: u64,
    /// The currency of the amount.
    pub currency: Currency,
    /// The client's reference of the charge.
    pub reference: String,
    /// Distinguishes this request from another one with the same key.
    fingerprint: String,
}

/// The behaviour of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Settles.
    Settle,
    /// Settles, and answers late.
    AnswerLate,
    /// Fails the first time.
    Stumble,
    /// Settles after a while.
    TakeTime,
    /// Is declined, with this code.
    Decline(&'static str),
}

impl Behaviour {
    /// The behaviour of this token.
    #[must_use]
    pub fn of(source: &str) -> Self {
        match source {
            "tok_visa" => Self::Settle,
            "tok_timeout" => Self::AnswerLate,
            "tok_flaky" => Self::Stumble,
            "tok_delayed" => Self::TakeTime,
            "tok_declined" => Self::Decline("card_declined"),
            "tok_insufficient_funds" => Self::Decline("insufficient_funds"),
            _ => Self::Decline("unknown_token"),
        }
    }
}

/// The id of the charge that was, or will be, requested with this key.
#[must_use]
pub fn id_of(key: &str) -> String {
    format!("ch_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()).simple())
}

impl Charge {
    /// A new charge, in the state that its token determines.
    #[must_use]
    pub fn new(key: &str, request: &Request) -> Self {
        let status = match Behaviour::of(&request.source) {
            Behaviour::Settle | Behaviour::AnswerLate => Status::Settled,
            Behaviour::Stumble => Status::Stumbled,
            Behaviour::TakeTime => Status::Pending,
            Behaviour::Decline(code) => {
                let charge = Self::of(id_of(key), Status::Declined, Some(Asked::of(request)));
                return Self { failure_code: Some(code.to_owned()), ..charge };
            }
        };
        Self::of(id_of(key), status, Some(Asked::of(request)))
    }

    /// A cancelled charge, which prevents a later charge with this id.
    #[must_use]
    pub fn canceled(id: String) -> Self {
        Self::of(id, Status::Canceled, None)
    }

    fn of(id: String, status: Status, asked: Option<Asked>) -> Self {
        let created = Timestamp::now();
        let expires_at = created.plus_days(DAYS).unix_seconds();
        Self {
            id,
            status,
            asked,
            failure_code: None,
            refunds: BTreeMap::new(),
            created,
            version: 1,
            expires_at,
        }
    }

    /// Whether it was requested before with other contents.
    #[must_use]
    pub fn differs_from(&self, request: &Request) -> bool {
        self.asked.as_ref().is_some_and(|asked| *asked != Asked::of(request))
    }

    /// Ensures that nothing is charged, and returns the total refunded, in minor units.
    pub fn give_back(&mut self) -> u64 {
        self.status = match self.status {
            Status::Settled | Status::Refunded => Status::Refunded,
            Status::Stumbled | Status::Pending | Status::Canceled => Status::Canceled,
            Status::Declined => Status::Declined,
        };
        self.amount_refunded()
    }

    /// Refunds a part of it, once for each key.
    ///
    /// # Errors
    /// When the charge does not allow it. The charge stays unchanged.
    pub fn refund_part(&mut self, key: &str, amount: u64) -> Result<(), RefundRefusal> {
        if let Some(before) = self.refunds.get(key) {
            return if *before == amount { Ok(()) } else { Err(RefundRefusal::KeyReused) };
        }
        let charged = match (self.status, &self.asked) {
            (Status::Settled | Status::Refunded, Some(asked)) => asked.amount,
            _ => return Err(RefundRefusal::NotCharged),
        };
        if amount == 0 || amount > charged - self.amount_refunded() {
            return Err(RefundRefusal::InvalidAmount);
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(RefundRefusal::TooManyRefunds);
        }
        self.refunds.insert(key.to_owned(), amount);
        if self.amount_refunded() == charged {
            self.status = Status::Refunded;
        }
        Ok(())
    }

    /// Settles it, if it is still open.
    pub fn settle(&mut self) {
        if matches!(self.status, Status::Stumbled | Status::Pending) {
            self.status = Status::Settled;
        }
    }

    /// The total refunded so far, in minor units.
    #[must_use]
    pub fn amount_refunded(&self) -> u64 {
        match (self.status, &self.asked) {
            (Status::Refunded, Some(asked)) => asked.amount,
            (Status::Settled, _) => self.refunds.values().sum(),
            _ => 0,
        }
    }
}

/// Why a partial refund was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// The key was used for another refund.
    #[error("The Idempotency-Key was used for another refund.")]
    KeyReused,
    /// Nothing was charged.
    #[error("Nothing was charged.")]
    NotCharged,
    /// The amount is zero, or more than is left.
    #[error("amount must be positive, and not more than what is left of the charge.")]
    InvalidAmount,
    /// The charge has too many refunds already.
    #[error("A charge has at most {MAX_REFUNDS} partial refunds.")]
    TooManyRefunds,
}

impl RefundRefusal {
    /// The error code of the response.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::KeyReused => "key_reused",
            Self::NotCharged => "not_charged",
            Self::InvalidAmount => "invalid_amount",
            Self::TooManyRefunds => "too_many_refunds",
        }
    }
}

impl Asked {
    fn of(request: &Request) -> Self {
        let mut hash = Sha256::new();
        for part in
            [&request.amount.to_string(), request.currency.code(), &request.source, &request.reference]
        {
            hash.update(part);
            hash.update([0]);
        }
        Self {
            amount: request.amount,
            currency: request.currency,
            reference: request.reference.clone(),
            fingerprint: BASE64_STANDARD.encode(hash.finalize()),
        }
    }
}

/// A charge as clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargeView<'a> {
    id: &'a str,
    #[serde(flatten)]
    asked: AskedView<'a>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    amount_refunded: u64,
    created: Timestamp,
}

#[derive(Debug, Serialize)]
struct AskedView<'a> {
    amount: u64,
    currency: Currency,
    reference: &'a str,
}

impl<'a> ChargeView<'a> {
    /// A charge, with its request even if it was cancelled before.
    #[must_use]
    pub fn new(charge: &'a Charge, request: &'a Request) -> Self {
        let asked =
            AskedView { amount: request.amount, currency: request.currency, reference: &request.reference };
        Self::with(charge, asked)
    }

    /// A charge that was requested.
    #[must_use]
    pub fn of(charge: &'a Charge) -> Option<Self> {
        let Asked { amount, currency, reference, .. } = charge.asked.as_ref()?;
        Some(Self::with(charge, AskedView { amount: *amount, currency: *currency, reference }))
    }

    /// The charge as it was when this amount had been refunded.
    #[must_use]
    pub fn when_refunded(self, amount_refunded: u64) -> Self {
        let status = if amount_refunded == self.asked.amount { Status::Refunded } else { Status::Settled };
        Self { status, amount_refunded, ..self }
    }

    fn with(charge: &'a Charge, asked: AskedView<'a>) -> Self {
        Self {
            id: &charge.id,
            asked,
            status: charge.status,
            failure_code: charge.failure_code.as_deref(),
            amount_refunded: charge.amount_refunded(),
            created: charge.created,
        }
    }
}
