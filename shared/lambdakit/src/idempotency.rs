//! Idempotency keys: a request that is sent twice is processed once and gets the same response
//! (IETF draft "The Idempotency-Key HTTP Header Field").
//!
//! There are two protocols, which share one table:
//!
//! - Work in one DynamoDB transaction completes its key in that transaction
//!   ([`IdempotencyStore::complete`]). The key is unknown or completed, never in progress, even
//!   after a crash.
//! - Other work claims its key first ([`IdempotencyStore::begin`]) and completes it afterwards
//!   ([`IdempotencyStore::finish`]). Meanwhile the key is in progress. If the function crashes, the
//!   claim expires with the function's timeout, and the key is free again.
//!
//! Completed records are valid for a day; DynamoDB deletes them some time later.

use std::str::FromStr;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure};
#[cfg(feature = "http")]
use axum::extract::OptionalFromRequestParts;
#[cfg(feature = "http")]
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::AwsError;
#[cfg(feature = "http")]
use crate::Problem;
use crate::dynamodb::item::key;
use crate::dynamodb::table::{self, Table};

#[cfg(feature = "http")]
const HEADER: &str = "idempotency-key";
const LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// A client's identifier of one request: 1 to 255 visible ASCII characters. The draft specifies a
/// quoted string (RFC 9651 section 3.3.3), but most clients send no quotes: `"8e03"` and `8e03` are
/// the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "http")]
impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let mut lines = parts.headers.get_all(HEADER).iter();
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(Problem::bad_request("Idempotency-Key must be sent once."));
        }
        let key = line.to_str().unwrap_or_default().parse();
        key.map(Some).map_err(|error: InvalidIdempotencyKey| Problem::bad_request(format!("{error}.")))
    }
}

/// A text is not an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must be 1 to 255 visible ASCII characters, in quotes or without")]
pub struct InvalidIdempotencyKey;

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let key = match text.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').and_then(unquoted).ok_or(InvalidIdempotencyKey)?,
            None => text.to_owned(),
        };
        let is_key = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(key)) } else { Err(InvalidIdempotencyKey) }
    }
}

/// The content of a quoted string (RFC 9651 section 4.2.5); `None` if its quotes or escapes are
/// wrong.
fn unquoted(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '"' => return None,
            '\\' => characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            plain => plain,
        });
    }
    Some(text)
}

/// One use of a key: its caller, its operation and the hash of its payload.
#[derive(Clone, Debug)]
pub struct Request {
    id: String,
    fingerprint: String,
}

impl Request {
    /// The use of a key by `caller` for `operation`, with this payload. Each caller and operation
    /// has its own keys.
    #[must_use]
    pub fn new(operation: &str, caller: &str, key: &IdempotencyKey, payload: &[u8]) -> Self {
        Self {
            id: format!("{operation}#{caller}#{}", key.0),
            fingerprint: BASE64_STANDARD.encode(Sha256::digest(payload)),
        }
    }
}

/// The saved state of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavedResponse {
    /// The request was never completed, or more than a day ago.
    Unknown,
    /// The request was completed with this response.
    Completed(String),
    /// The key was used for another payload.
    OtherPayload,
}

/// The idempotency records of a service.
#[derive(Clone, Debug)]
pub struct IdempotencyStore {
    table: Table,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    id: String,
    fingerprint: String,
    /// `None` while the request is in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The owner of the claim and its expiry (Unix milliseconds); `None` in a transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<Claim>,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    owner: Uuid,
    until: i64,
}

/// A claim on a request, which excludes other invocations until it expires.
#[derive(Debug)]
pub struct Lease {
    request: Request,
    claim: Claim,
}

/// The result of claiming a request.
#[derive(Debug)]
pub enum ClaimOutcome {
    /// The request is claimed: do the work.
    Work(Lease),
    /// Another invocation works on the request. The draft specifies a 409.
    InProgress,
    /// The request was completed: send this response again.
    Completed(String),
    /// The key was used for another payload. The draft specifies a 422.
    OtherPayload,
}

impl IdempotencyStore {
    /// The store in a table with the key `id` and the time to live `expiresAt`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The part of a transaction that completes a request with a response. The transaction fails if
    /// the key was used before.
    ///
    /// # Errors
    /// When the record cannot be built.
    pub fn complete(&self, request: &Request, answer: String) -> Result<Put, AwsError> {
        let now = Utc::now().timestamp();
        let record = Record::new(request, Some(answer), None);
        Put::builder()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(record)?))
            // Expired records may still exist: DynamoDB deletes them within days.
            .condition_expression("attribute_not_exists(id) OR expiresAt <= :now")
            .expression_attribute_values(":now", number(now))
            .build()
            .map_err(AwsError::from)
    }

    /// The saved response of this request.
    ///
    /// # Errors
    /// When the DynamoDB call fails.
    pub async fn find(&self, request: &Request) -> Result<SavedResponse, AwsError> {
        let found: Option<Record> = self.table.get_latest(key([("id", request.id.clone())])).await?;
        let Some(record) = found else { return Ok(SavedResponse::Unknown) };
        Ok(if record.expires_at <= Utc::now().timestamp() {
            SavedResponse::Unknown
        } else if record.fingerprint != request.fingerprint {
            SavedResponse::OtherPayload
        } else {
            record.answer.map_or(SavedResponse::Unknown, SavedResponse::Completed)
        })
    }

    /// Claims a request for work that is not one transaction. The claim expires after `timeout`,
    /// which should be the function's own.
    ///
    /// # Errors
    /// When the DynamoDB call fails.
    pub async fn begin(&self, request: Request, timeout: Duration) -> Result<ClaimOutcome, AwsError> {
        let now = Utc::now();
        let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        let claim = Claim { owner: Uuid::now_v7(), until: now.timestamp_millis().saturating_add(millis) };
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(Record::new(&request, None, Some(claim)))?))
            .condition_expression(
                "attribute_not_exists(id) OR expiresAt <= :now \
                 OR (attribute_not_exists(answer) AND claim.#until <= :millis)",
            )
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":now", number(now.timestamp()))
            .expression_attribute_values(":millis", number(now.timestamp_millis()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let there: Record = match table::Put::of(put.send().await)? {
            table::Put::Done | table::Put::Refused(None) => {
                return Ok(ClaimOutcome::Work(Lease { request, claim }));
            }
            table::Put::Refused(Some(there)) => serde_dynamo::from_item(there)?,
        };
        // The SDK retries a write whose response was lost, so the claim in the table may be this
        // one.
        if there.claim == Some(claim) {
            return Ok(ClaimOutcome::Work(Lease { request, claim }));
        }
        if there.fingerprint != request.fingerprint {
            return Ok(ClaimOutcome::OtherPayload);
        }
        Ok(there.answer.map_or(ClaimOutcome::InProgress, ClaimOutcome::Completed))
    }

    /// Completes a request with its response; `false` if the claim has expired and another
    /// invocation has claimed the request.
    ///
    /// # Errors
    /// When the DynamoDB call fails.
    pub async fn finish(&self, lease: Lease, answer: String) -> Result<bool, AwsError> {
        let record = Record::new(&lease.request, Some(answer), Some(lease.claim));
        let put = self
            .table
            .client()
            .put_item()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(record)?))
            .condition_expression("claim.#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(lease.claim.owner.to_string()));
        Ok(table::Put::of(put.send().await)?.is_done())
    }

    /// Releases a request whose work has failed, so that it can be retried at once.
    ///
    /// # Errors
    /// When the DynamoDB call fails; the claim then expires by itself.
    pub async fn release(&self, lease: Lease) -> Result<(), AwsError> {
        let delete = self
            .table
            .client()
            .delete_item()
            .table_name(self.table.name())
            .set_key(Some(key([("id", lease.request.id)])))
            .condition_expression("claim.#owner = :owner AND attribute_not_exists(answer)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(lease.claim.owner.to_string()));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}

impl Record {
    fn new(request: &Request, answer: Option<String>, claim: Option<Claim>) -> Self {
        Self {
            id: request.id.clone(),
            fingerprint: request.fingerprint.clone(),
            answer,
            claim,
            expires_at: Utc::now().timestamp() + LIFETIME_SECONDS,
        }
    }
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use axum::http::Request as HttpRequest;

    use super::*;

    async fn key(lines: &[&str]) -> Result<Option<String>, u16> {
        let mut request = HttpRequest::builder();
        for line in lines {
            request = request.header(HEADER, *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let read =
            <IdempotencyKey as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        read.map(|key| key.map(|key| key.0)).map_err(|problem| problem.status().as_u16())
    }

    #[tokio::test]
    async fn a_key_is_the_same_in_quotes_and_without() {
        let longest = "k".repeat(255);
        for (sent, read) in [
            ("8e03", "8e03"),
            ("\"8e03\"", "8e03"),
            ("\"a\\\"b\\\\\"", "a\"b\\"),
            ("a\"b", "a\"b"),
            ("a\\b", "a\\b"),
            ("Key", "Key"),
            (&longest, &longest),
            (&format!("\"{longest}\""), &longest),
        ] {
            assert_eq!(key(&[sent]).await, Ok(Some(read.to_owned())), "{sent}");
        }
        assert_eq!(key(&[]).await, Ok(None));
    }

    #[tokio::test]
    async fn invalid_idempotency_keys_are_refused() {
        let long = "k".repeat(256);
        for bad in [
            "",
            "a b",
            "\"",
            "\"\"",
            "\"a",
            "\"a\"b\"",
            "\"a\\b\"",
            "\"a\\\"",
            "\"a b\"",
            "\"a\";v=1",
            "caf\u{e9}",
            &long,
        ] {
            assert_eq!(key(&[bad]).await, Err(400), "{bad}");
        }
        assert_eq!(key(&["a", "a"]).await, Err(400));
    }
}
