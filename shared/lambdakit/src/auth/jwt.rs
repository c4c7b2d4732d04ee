//! Verifies tokens of a Cognito user pool without a gateway: their signature, audience and expiry.
//!
//! The rules are those of AWS, "Verifying JSON web tokens". A key of the pool signs the token by
//! RS256. The pool issues it for an accepted app client. It is an ID token that has not expired.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::{self, ConfigError};
use crate::http_client::HttpClient;

/// Timeout of a request for the pool's keys.
const DEADLINE: Duration = Duration::from_millis(1500);
/// Minimum age of the fetched keys before an unknown key id causes another request: forged key ids
/// cost an attacker nothing.
const ASK_AGAIN: Duration = Duration::from_mins(1);
/// Maximum size of a token. A Cognito token has about 2,000 bytes; API Gateway accepts 8,000.
const MAX_BYTES: usize = 8 * 1024;

/// A signed-in user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The account's `sub` claim, which identifies it permanently.
    pub subject: String,
    /// The name that the user signed in with.
    pub user_name: String,
    /// The groups of the user pool that the user is a member of.
    pub groups: Vec<String>,
    /// When the token expires, in seconds since 1970.
    pub expires_at: u64,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not a well-formed token.
    #[error("it is no token")]
    Malformed,
    /// It has another signature algorithm than the pool's, or none.
    #[error("it is not signed as the pool signs")]
    Algorithm,
    /// The pool has no such key.
    #[error("its key is not one of the pool's")]
    UnknownKey,
    /// Its signature is invalid.
    #[error("its signature is wrong")]
    Signature,
    /// It has expired.
    #[error("it has expired")]
    Expired,
    /// Its issuer, use, app client or user name is not accepted.
    #[error("it is not an ID token of the pool for an app client of ours")]
    NotForUs,
}

/// Why a token was not verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token is refused.
    #[error("the token is refused: {0}")]
    Refused(#[from] Refusal),
    /// The keys of the pool are not available.
    #[error("the keys of the user pool are not to be had: {0}")]
    NoKeys(String),
}

/// Verifies tokens.
#[derive(Debug)]
pub struct Tokens {
    issuer: String,
    clients: Vec<String>,
    pool: HttpClient,
    keys: Mutex<Keys>,
}

/// The pool's public keys, as last fetched.
#[derive(Debug, Default)]
struct Keys {
    known: Arc<HashMap<String, Key>>,
    asked: Option<Instant>,
}

#[derive(Debug)]
struct Key {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// A JWK Set (RFC 7517).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<PublicKey>,
}

#[derive(Deserialize)]
struct PublicKey {
    kty: String,
    kid: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

/// A JOSE header (RFC 7515). Tokens with `crit` are refused, because no extension is supported.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// Access tokens have none.
    #[serde(default)]
    aud: String,
    exp: u64,
    token_use: String,
    #[serde(rename = "cognito:username", default)]
    user_name: String,
    #[serde(rename = "cognito:groups", default)]
    groups: Vec<String>,
}

impl Tokens {
    /// Verifies tokens of the pool in `TOKEN_ISSUER` for the app clients in `TOKEN_CLIENTS`. It
    /// fetches the pool's keys at init, so that the first client does not wait for them.
    ///
    /// # Errors
    /// When a variable is not set, or the issuer is not a URL.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let issuer = config::required("TOKEN_ISSUER")?;
        // A local AWS serves the keys at its endpoint, but its tokens name the issuer as in AWS.
        let place = match config::optional("AWS_ENDPOINT_URL") {
            Some(endpoint) => at_endpoint(&issuer, &endpoint),
            None => issuer.clone(),
        };
        let pool = HttpClient::new(&place, DEADLINE)
            .map_err(|error| ConfigError::Invalid { name: "TOKEN_ISSUER", reason: error.to_string() })?;
        let tokens = Self::new(issuer, config::required("TOKEN_CLIENTS")?.split(','), pool);
        // If this fails, the first token causes another request, which reports the error.
        tokens.fetch().await.ok();
        Ok(tokens)
    }

    /// Verifies tokens of this issuer for these app clients. `pool` serves the issuer's keys.
    #[must_use]
    pub fn new<'a>(issuer: String, clients: impl IntoIterator<Item = &'a str>, pool: HttpClient) -> Self {
        let clients = clients.into_iter().map(ToOwned::to_owned).collect();
        Self { issuer, clients, pool, keys: Mutex::default() }
    }

    /// Verifies a token and returns its user.
    ///
    /// # Errors
    /// When the token is refused, or the keys are not available.
    pub async fn verify(&self, token: &str) -> Result<SignedIn, TokenError> {
        let Claims { iss, sub, aud, exp, token_use, user_name, groups } = self.signed(token).await?;
        if exp <= now() {
            return Err(Refusal::Expired.into());
        }
        if iss != self.issuer || token_use != "id" || !self.clients.contains(&aud) || user_name.is_empty() {
            return Err(Refusal::NotForUs.into());
        }
        Ok(SignedIn { subject: sub, user_name, groups, expires_at: exp })
    }

    /// The claims of a token, after its signature is verified.
    async fn signed(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(Refusal::Malformed.into());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header_part, claims_part) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        let header: Header = part(header_part)?;
        if header.alg != "RS256" || header.crit.is_some() {
            return Err(Refusal::Algorithm.into());
        }
        let signature = decoded(signature)?;
        let keys = self.keys_with(&header.kid).await?;
        let Key { modulus, exponent } = keys.get(&header.kid).ok_or(Refusal::UnknownKey)?;
        RsaPublicKeyComponents { n: modulus, e: exponent }
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
            .map_err(|_| Refusal::Signature)?;
        Ok(part(claims_part)?)
    }

    /// The pool's keys, fetched again if this one is missing and the last fetch is old enough.
    async fn keys_with(&self, id: &str) -> Result<Arc<HashMap<String, Key>>, TokenError> {
        {
            let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let lately = keys.asked.is_some_and(|asked| asked.elapsed() < ASK_AGAIN);
            if keys.known.contains_key(id) || lately {
                return Ok(Arc::clone(&keys.known));
            }
        }
        self.fetch().await
    }

    async fn fetch(&self) -> Result<Arc<HashMap<String, Key>>, TokenError> {
        let no_keys = |reason: String| TokenError::NoKeys(reason);
        let answer = self.pool.get("/.well-known/jwks.json", &[]).await;
        let answer = answer.map_err(|error| no_keys(error.to_string()))?;
        if !answer.status.is_success() {
            return Err(no_keys(format!("status {}", answer.status)));
        }
        let KeySet { keys } =
            serde_json::from_slice(&answer.body).map_err(|error| no_keys(error.to_string()))?;
        // An unreadable key is skipped: only tokens that name it are refused.
        let key = |PublicKey { kid, n, e, .. }| {
            Some((kid, Key { modulus: decoded(&n).ok()?, exponent: decoded(&e).ok()? }))
        };
        let known: HashMap<_, _> = keys.into_iter().filter(|key| key.kty == "RSA").filter_map(key).collect();
        let known = Arc::new(known);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        *keys = Keys { known: Arc::clone(&known), asked: Some(Instant::now()) };
        Ok(known)
    }
}

fn at_endpoint(issuer: &str, endpoint: &str) -> String {
    let pool = issuer.rsplit_once('/').map_or(issuer, |(_, pool)| pool);
    format!("{}/{pool}", endpoint.trim_end_matches('/'))
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_slice(&decoded(text)?).map_err(|_| Refusal::Malformed)
}

fn decoded(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Malformed)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
