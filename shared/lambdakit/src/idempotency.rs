//! Idempotency keys: the same request sent twice happens once and is answered the same
//! (IETF draft "The Idempotency-Key HTTP Header Field").
//!
//! There are two ways, and both keep their records in one table:
//!
//! - Work that is one DynamoDB transaction completes its key in it ([`IdempotencyStore::complete`]).
//!   The key is unknown or completed, never in progress, and no crash can leave it half done.
//! - Other work claims its key first ([`IdempotencyStore::begin`]) and completes it afterwards
//!   ([`IdempotencyStore::finish`]). Meanwhile the key is in progress. If the function dies, the
//!   claim runs out with the function's timeout, and the key is free again.
//!
//! Completed records live for a day; DynamoDB removes them some time after.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure};
use axum::extract::OptionalFromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::table::{self, Table, key};
use crate::{AwsError, Problem};

const HEADER: &str = "idempotency-key";
const LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// A client's name for one request: 1 to 255 visible ASCII characters. The draft writes it as a quoted string (RFC 9651
/// section 3.3.3), and most clients as it is: `"8e03"` and `8e03` are the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let mut lines = parts.headers.get_all(HEADER).iter();
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(Problem::bad_request("Idempotency-Key must be sent once."));
        }
        let key = line.to_str().ok().and_then(Self::read);
        key.map(Some).ok_or_else(|| {
            Problem::bad_request(
                "Idempotency-Key must be 1 to 255 visible ASCII characters, in quotes or without.",
            )
        })
    }
}

impl IdempotencyKey {
    fn read(text: &str) -> Option<Self> {
        let key = match text.strip_prefix('"') {
            Some(rest) => unquoted(rest.strip_suffix('"')?)?,
            None => text.to_owned(),
        };
        let is_key = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then_some(Self(key))
    }
}

/// What a quoted string holds (RFC 9651 section 4.2.5); nothing if its quotes or escapes are wrong.
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

/// One use of a key: who sent it for which operation, and what they sent.
#[derive(Clone, Debug)]
pub struct Request {
    id: String,
    fingerprint: String,
}

impl Request {
    /// The use of a key by `caller` for `operation`, with this payload. Keys of other callers and
    /// operations are other keys.
    #[must_use]
    pub fn new(operation: &str, caller: &str, key: &IdempotencyKey, payload: &[u8]) -> Self {
        Self {
            id: format!("{operation}#{caller}#{}", key.0),
            fingerprint: BASE64_STANDARD.encode(Sha256::digest(payload)),
        }
    }
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavedResponse {
    /// Nothing: it was never completed, or longer than a day ago.
    Unknown,
    /// It was completed, with this answer.
    Completed(String),
    /// The key was used for another payload.
    OtherPayload,
}

/// The completed requests of a service.
#[derive(Clone, Debug)]
pub struct IdempotencyStore {
    table: Table,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    id: String,
    fingerprint: String,
    /// None while the request is in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Who has claimed the key, and until when (Unix milliseconds); none in a transaction.
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

/// The right to work on a request.
#[derive(Debug)]
pub struct Lease {
    request: Request,
    claim: Claim,
}

/// What to do about a request.
#[derive(Debug)]
pub enum ClaimOutcome {
    /// The work: nobody else is at it.
    Work(Lease),
    /// Nothing: somebody else is at it. The draft asks for a 409.
    InProgress,
    /// Answer as before.
    Completed(String),
    /// Refuse: the key was used for another payload. The draft asks for a 422.
    OtherPayload,
}

impl IdempotencyStore {
    /// The store in a table with the key `id` and the time to live `expiresAt`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The part of a transaction that completes a request with an answer. It fails the
    /// transaction when the key was used before.
    ///
    /// # Errors
    /// When the record cannot be made.
    pub fn complete(&self, request: &Request, answer: String) -> Result<Put, AwsError> {
        let now = Utc::now().timestamp();
        let record = Record::new(request, Some(answer), None);
        Put::builder()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(record)?))
            // Expired records may still be there: DynamoDB removes them within days.
            .condition_expression("attribute_not_exists(id) OR expiresAt <= :now")
            .expression_attribute_values(":now", number(now))
            .build()
            .map_err(|error| AwsError::Permanent(error.to_string()))
    }

    /// What came of this request earlier.
    ///
    /// # Errors
    /// When the store does not answer.
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

    /// Claims a request for work that is not one transaction. The claim runs out after `timeout`,
    /// which should be the function's own.
    ///
    /// # Errors
    /// When the store does not answer.
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
        // Refused perhaps because of itself: the SDK sends a write again whose answer was lost.
        if there.claim == Some(claim) {
            return Ok(ClaimOutcome::Work(Lease { request, claim }));
        }
        if there.fingerprint != request.fingerprint {
            return Ok(ClaimOutcome::OtherPayload);
        }
        Ok(there.answer.map_or(ClaimOutcome::InProgress, ClaimOutcome::Completed))
    }

    /// Completes a request with its answer; `false` when the claim had run out and somebody else
    /// has the request now.
    ///
    /// # Errors
    /// When the store does not answer.
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

    /// Gives a request back whose work has failed, so that it can be tried again at once.
    ///
    /// # Errors
    /// When the store does not answer; the claim then runs out by itself.
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
