//! Idempotency keys: the same request sent twice happens once and is answered the same
//! (IETF draft "The Idempotency-Key HTTP Header Field").
//!
//! The record of a key is written in the same DynamoDB transaction as what the request does.
//! So a key is either unknown or completed, never in progress, and no crash can leave it half
//! done. Records live for a day; DynamoDB removes them some time after.

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use axum::extract::OptionalFromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::table::{Table, key};
use crate::{Problem, StoreError};

const HEADER: &str = "idempotency-key";
const LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// A client's name for one request: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let Some(header) = parts.headers.get(HEADER) else { return Ok(None) };
        match header.to_str() {
            Ok(key) if (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Some(Self(key.to_owned())))
            }
            _ => Err(Problem::bad_request("Idempotency-Key must be 1 to 255 visible ASCII characters.")),
        }
    }
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
pub enum Earlier {
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
    answer: String,
    /// Unix seconds, DynamoDB's unit for its time to live.
    expires_at: i64,
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
    pub fn complete(&self, request: &Request, answer: String) -> Result<Put, StoreError> {
        let now = Utc::now().timestamp();
        let record = Record {
            id: request.id.clone(),
            fingerprint: request.fingerprint.clone(),
            answer,
            expires_at: now + LIFETIME_SECONDS,
        };
        Put::builder()
            .table_name(self.table.name())
            .set_item(Some(serde_dynamo::to_item(record)?))
            // Expired records may still be there: DynamoDB removes them within days.
            .condition_expression("attribute_not_exists(id) OR expiresAt <= :now")
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
            .build()
            .map_err(|error| StoreError::Broken(error.to_string()))
    }

    /// What came of this request earlier.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn find(&self, request: &Request) -> Result<Earlier, StoreError> {
        let found: Option<Record> = self.table.get_latest(key([("id", request.id.clone())])).await?;
        let Some(record) = found else { return Ok(Earlier::Unknown) };
        Ok(if record.expires_at <= Utc::now().timestamp() {
            Earlier::Unknown
        } else if record.fingerprint == request.fingerprint {
            Earlier::Completed(record.answer)
        } else {
            Earlier::OtherPayload
        })
    }
}
