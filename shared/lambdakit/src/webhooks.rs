//! Webhooks signed by the [Standard Webhooks] scheme, for their sender and for their receiver.
//!
//! A webhook has three headers. [`WEBHOOK_ID`] stays the same when the webhook is sent again.
//! [`WEBHOOK_TIMESTAMP`] has the Unix seconds of this attempt. [`WEBHOOK_SIGNATURE`] has signatures
//! separated by spaces. A signature is `v1,` and the Base64 of the HMAC-SHA256 (RFC 2104) of
//! `<id>.<timestamp>.<payload>`; other versions are skipped.
//!
//! A secret is 24 to 64 random bytes in Base64 after `whsec_`. While a secret is rotated there are
//! several: a sender signs with each of them, and a receiver accepts a signature by any of them.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use std::ops::RangeInclusive;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use crate::masking::Redacted;

/// The header with the id of the message.
pub const WEBHOOK_ID: &str = "webhook-id";
/// The header with the time of the attempt, in Unix seconds.
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures.
pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";

/// How far the timestamp may be from the receiver's clock in either direction, in seconds.
pub const TOLERANCE_SECONDS: u64 = 300;

/// The longest id that is accepted, in bytes. The scheme sets no limit; receivers store ids.
pub const MAX_ID_LENGTH: usize = 100;

/// Prefix of a secret.
const SECRET_PREFIX: &str = "whsec_";
/// Length of a secret, in bytes.
const SECRET_LENGTH: RangeInclusive<usize> = 24..=64;
/// The version of symmetric signatures.
const VERSION: &str = "v1";

type Signature = CtOutput<Hmac<Sha256>>;

/// The secrets that a sender and a receiver of webhooks share: one, or several while they are
/// rotated.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(Redacted<Vec<Hmac<Sha256>>>);

/// The headers of a verified webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedWebhook {
    /// Identifies the message: every attempt to deliver it has the same id.
    pub id: String,
    /// When this attempt was signed, in Unix seconds.
    pub timestamp: u64,
}

/// Why a webhook was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// A header is missing, or is sent more than once.
    #[error("there is not exactly one {0} header")]
    MissingHeader(&'static str),
    /// The id is empty, too long, or has characters other than visible ASCII without the full stop.
    #[error("the webhook-id is invalid")]
    InvalidId,
    /// The timestamp is not a number of seconds.
    #[error("the webhook-timestamp is invalid")]
    InvalidTimestamp,
    /// The timestamp is more than [`TOLERANCE_SECONDS`] ago.
    #[error("the webhook-timestamp is more than {TOLERANCE_SECONDS} seconds old")]
    TimestampTooOld,
    /// The timestamp is more than [`TOLERANCE_SECONDS`] ahead.
    #[error("the webhook-timestamp is more than {TOLERANCE_SECONDS} seconds in the future")]
    TimestampTooNew,
    /// No signature was made with one of the secrets for this id, timestamp and payload.
    #[error("no signature matches")]
    NoMatchingSignature,
}

/// Why a text is not [`WebhookSecrets`]. The error does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("webhook secrets must be whsec_ and the Base64 of 24 to 64 bytes each")]
pub struct InvalidWebhookSecrets;

impl FromStr for WebhookSecrets {
    type Err = InvalidWebhookSecrets;

    /// Secrets separated by white space, the one in use first; at least one.
    fn from_str(secrets: &str) -> Result<Self, InvalidWebhookSecrets> {
        let keys = secrets.split_whitespace().map(key).collect::<Option<Vec<_>>>();
        keys.filter(|keys| !keys.is_empty()).map(|keys| Self(keys.into())).ok_or(InvalidWebhookSecrets)
    }
}

impl WebhookSecrets {
    /// The value of [`WEBHOOK_SIGNATURE`] for a webhook of this id and timestamp: a signature by
    /// each secret.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: u64, payload: &[u8]) -> String {
        let signatures = self.signatures(id, timestamp, payload);
        let encoded = signatures
            .map(|signature| format!("{VERSION},{}", BASE64_STANDARD.encode(signature.into_bytes())));
        encoded.collect::<Vec<_>>().join(" ")
    }

    /// Checks that a webhook was signed with one of the secrets, within [`TOLERANCE_SECONDS`] of
    /// `now`, which is in Unix seconds. It computes one HMAC per secret, however many signatures
    /// there are.
    ///
    /// # Errors
    /// When no signature matches, the timestamp is out of tolerance, or a header is invalid.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        payload: &[u8],
        now: u64,
    ) -> Result<VerifiedWebhook, VerificationError> {
        let id = header(headers, WEBHOOK_ID)?;
        if !(1..=MAX_ID_LENGTH).contains(&id.len()) || !id.bytes().all(is_id_character) {
            return Err(VerificationError::InvalidId);
        }
        let timestamp = header(headers, WEBHOOK_TIMESTAMP)?;
        // `u64` also parses `+1` and `01`, which are not what was signed.
        let timestamp: u64 = timestamp
            .parse()
            .ok()
            .filter(|seconds: &u64| seconds.to_string() == timestamp)
            .ok_or(VerificationError::InvalidTimestamp)?;
        let sent = header(headers, WEBHOOK_SIGNATURE)?;
        if now.saturating_sub(timestamp) > TOLERANCE_SECONDS {
            return Err(VerificationError::TimestampTooOld);
        }
        if timestamp.saturating_sub(now) > TOLERANCE_SECONDS {
            return Err(VerificationError::TimestampTooNew);
        }
        let sent: Vec<Signature> = sent.split(' ').filter_map(decode).collect();
        // Two signatures are compared in constant time.
        let matches = self.signatures(id, timestamp, payload).any(|expected| sent.contains(&expected));
        if matches {
            Ok(VerifiedWebhook { id: id.to_owned(), timestamp })
        } else {
            Err(VerificationError::NoMatchingSignature)
        }
    }

    /// A signature by each secret, computed lazily.
    fn signatures(&self, id: &str, timestamp: u64, payload: &[u8]) -> impl Iterator<Item = Signature> {
        self.0.reveal().iter().map(move |key| {
            #[cfg(test)]
            tests::COMPUTED.with(|computed| computed.set(computed.get() + 1));
            let mut mac = key.clone();
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(payload);
            mac.finalize()
        })
    }
}

fn key(secret: &str) -> Option<Hmac<Sha256>> {
    let bytes = BASE64_STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    if !SECRET_LENGTH.contains(&bytes.len()) {
        return None;
    }
    Hmac::new_from_slice(&bytes).ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, VerificationError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(VerificationError::MissingHeader(name)),
    }
}

/// The scheme forbids the full stop in ids: with it, one signed content could be read in two ways.
fn is_id_character(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'.'
}

/// Decodes a signature of this version; `None` for another version, or if it is not the Base64 of
/// 32 bytes.
fn decode(signature: &str) -> Option<Signature> {
    let (version, encoded) = signature.split_once(',')?;
    let bytes: [u8; 32] = BASE64_STANDARD.decode(encoded).ok()?.try_into().ok()?;
    (version == VERSION).then(|| CtOutput::new(bytes.into()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{SystemTime, UNIX_EPOCH};

    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    thread_local! {
        /// How many HMACs were computed on this thread.
        pub(super) static COMPUTED: Cell<u32> = const { Cell::new(0) };
    }

    const NOW: u64 = 1_769_860_800;
    const ID: &str = "msg_1";
    const BODY: &[u8] = br#"{"type":"charge.settled"}"#;
    const SECRET: &str = "whsec_c2VjcmV0IHdpdGggdHdlbnR5LWZvdXIgYnl0ZXM=";
    const OTHER: &str = "whsec_YW5vdGhlciBzZWNyZXQgb2YgZW5vdWdoIGJ5dGVz";

    fn secrets(secrets: &str) -> WebhookSecrets {
        secrets.parse().unwrap()
    }

    fn headers(id: &str, timestamp: impl ToString, signature: &str) -> HeaderMap {
        let timestamp = timestamp.to_string();
        let headers = [(WEBHOOK_ID, id), (WEBHOOK_TIMESTAMP, &*timestamp), (WEBHOOK_SIGNATURE, signature)];
        headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).into_iter().collect()
    }

    /// The headers of a webhook that was signed now with a secret.
    fn signed(secret: &str) -> HeaderMap {
        headers(ID, NOW, &secrets(secret).sign(ID, NOW, BODY))
    }

    fn verify(secret: &str, headers: &HeaderMap) -> Result<VerifiedWebhook, VerificationError> {
        secrets(secret).verify(headers, BODY, NOW)
    }

    /// The current Unix time, which the reference implementation reads from the system clock.
    fn clock() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        // Test cases 2 and 3: a key shorter than a block, and a binary key.
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let expected = BASE64_STANDARD.decode("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=").unwrap();
        assert_eq!(mac.finalize().into_bytes()[..], expected);
        let mut mac = Hmac::<Sha256>::new_from_slice(&[0xaa; 20]).unwrap();
        mac.update(&[0xdd; 50]);
        let expected = BASE64_STANDARD.decode("dz6pHjaADkaFTbjr0JGBpylZCYs++MEi2WNVFM7VZf4=").unwrap();
        assert_eq!(mac.finalize().into_bytes()[..], expected);
    }

    #[test]
    fn signatures_are_those_of_the_reference_implementation() {
        let reference = standardwebhooks::Webhook::new(SECRET).unwrap();
        let expected = reference.sign(ID, NOW.try_into().unwrap(), BODY).unwrap();
        assert_eq!(secrets(SECRET).sign(ID, NOW, BODY), expected);
    }

    #[test]
    fn the_reference_implementation_verifies_what_is_signed_here() {
        let now = clock();
        for (secret, expected) in
            [(SECRET, true), (OTHER, true), ("whsec_bm9uZSBvZiB0aGUgdHdvIHNlY3JldHM=", false)]
        {
            let headers = headers(ID, now, &secrets(&format!("{SECRET} {OTHER}")).sign(ID, now, BODY));
            let reference = standardwebhooks::Webhook::new(secret).unwrap();
            assert_eq!(reference.verify(BODY, &headers).is_ok(), expected, "{secret}");
        }
    }

    #[test]
    fn signatures_of_the_reference_implementation_are_verified() {
        let reference = standardwebhooks::Webhook::new(SECRET).unwrap();
        let headers = headers(ID, NOW, &reference.sign(ID, NOW.try_into().unwrap(), BODY).unwrap());
        assert_eq!(verify(SECRET, &headers), Ok(VerifiedWebhook { id: ID.to_owned(), timestamp: NOW }));
        assert_eq!(verify(OTHER, &headers), Err(VerificationError::NoMatchingSignature));
    }

    #[test]
    fn timestamps_are_accepted_for_five_minutes_in_either_direction() {
        let at = |now| secrets(SECRET).verify(&signed(SECRET), BODY, now).map(|webhook| webhook.timestamp);
        for now in [NOW - TOLERANCE_SECONDS, NOW, NOW + TOLERANCE_SECONDS] {
            assert_eq!(at(now), Ok(NOW));
        }
        assert_eq!(at(NOW + TOLERANCE_SECONDS + 1), Err(VerificationError::TimestampTooOld));
        for now in [NOW - TOLERANCE_SECONDS - 1, 0] {
            assert_eq!(at(now), Err(VerificationError::TimestampTooNew));
        }
    }

    #[test]
    fn a_signature_holds_for_one_id_one_timestamp_one_payload_and_one_secret() {
        let signature = secrets(SECRET).sign(ID, NOW, BODY);
        let no_match = Err(VerificationError::NoMatchingSignature);
        assert!(verify(SECRET, &headers(ID, NOW, &signature)).is_ok());
        assert_eq!(verify(SECRET, &headers("msg_2", NOW, &signature)), no_match);
        assert_eq!(verify(SECRET, &headers(ID, NOW + 1, &signature)), no_match);
        assert_eq!(verify(OTHER, &headers(ID, NOW, &signature)), no_match);
        assert_eq!(secrets(SECRET).verify(&headers(ID, NOW, &signature), b"{}", NOW), no_match);
    }

    #[test]
    fn secrets_are_rotated_without_a_gap() {
        let both = format!("{SECRET} {OTHER}");
        // The receiver gets the new secret first, the sender signs with both, then each drops the
        // old one.
        for (sender, receiver) in
            [(SECRET, SECRET), (SECRET, &both), (&both, &both), (&both, OTHER), (OTHER, OTHER)]
        {
            assert!(verify(receiver, &signed(sender)).is_ok(), "{sender} to {receiver}");
        }
        assert_eq!(verify(OTHER, &signed(SECRET)), Err(VerificationError::NoMatchingSignature));
        let signature = secrets(&both).sign(ID, NOW, BODY);
        assert_eq!(signature.split(' ').count(), 2);
    }

    #[test]
    fn one_hmac_is_computed_per_secret_however_many_signatures_are_sent() {
        let receiver = secrets(&format!("{SECRET} {OTHER}"));
        let wrong = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let many = vec![wrong; 1000].join(" ");
        COMPUTED.set(0);
        let refused = receiver.verify(&headers(ID, NOW, &many), BODY, NOW);
        assert_eq!((refused, COMPUTED.get()), (Err(VerificationError::NoMatchingSignature), 2));
    }

    #[test]
    fn signatures_of_other_versions_are_skipped() {
        let good = secrets(SECRET).sign(ID, NOW, BODY);
        for with_others in [
            format!(
                "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {good}"
            ),
            format!("{good} v2,of-a-time-to-come"),
            format!("nonsense  v1,short {good}"),
        ] {
            assert!(verify(SECRET, &headers(ID, NOW, &with_others)).is_ok(), "{with_others}");
        }
        let other_version = good.replace("v1,", "v2,");
        let refused = verify(SECRET, &headers(ID, NOW, &other_version));
        assert_eq!(refused, Err(VerificationError::NoMatchingSignature));
    }

    #[test]
    fn unreadable_headers_are_refused() {
        use VerificationError::{InvalidId, InvalidTimestamp, MissingHeader, NoMatchingSignature};
        for name in [WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE] {
            let mut missing = signed(SECRET);
            let value = missing.remove(name).unwrap();
            assert_eq!(verify(SECRET, &missing), Err(MissingHeader(name)));
            let mut twice = signed(SECRET);
            twice.append(name, value);
            assert_eq!(verify(SECRET, &twice), Err(MissingHeader(name)));
            let mut no_text = signed(SECRET);
            no_text.insert(name, HeaderValue::from_bytes(b"\xff").unwrap());
            assert_eq!(verify(SECRET, &no_text), Err(MissingHeader(name)));
        }
        let long = "x".repeat(MAX_ID_LENGTH + 1);
        for id in ["", "msg 1", "msg.1", &long] {
            let headers = headers(id, NOW, &secrets(SECRET).sign(id, NOW, BODY));
            assert_eq!(verify(SECRET, &headers), Err(InvalidId), "{id}");
        }
        for timestamp in
            ["", "soon", "-1", "+1769860800", "01769860800", "1769860800.0", "99999999999999999999"]
        {
            let headers = headers(ID, timestamp, &secrets(SECRET).sign(ID, NOW, BODY));
            assert_eq!(verify(SECRET, &headers), Err(InvalidTimestamp), "{timestamp}");
        }
        for signature in ["", "v1", "v1,", "v1,00", "v1,====", &secrets(SECRET).sign(ID, NOW, BODY)[3..]] {
            assert_eq!(verify(SECRET, &headers(ID, NOW, signature)), Err(NoMatchingSignature), "{signature}");
        }
    }

    #[test]
    fn secrets_are_base64_of_24_to_64_bytes_after_their_prefix() {
        let of_length = |length| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; length]));
        for length in [24, 36, 64] {
            assert!(of_length(length).parse::<WebhookSecrets>().is_ok(), "{length}");
        }
        for bad in [
            "",
            "  ",
            "whsec_",
            "secret",
            &of_length(23),
            &of_length(65),
            "whsec_not*base64*not*base64*not*base64*",
        ] {
            assert!(bad.parse::<WebhookSecrets>().is_err(), "{bad}");
            let error = format!("{SECRET} {bad}").parse::<WebhookSecrets>();
            assert_eq!(error.is_err(), !bad.trim().is_empty(), "{bad}");
        }
        let error = "whsec_hush".parse::<WebhookSecrets>().unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
        assert_eq!(format!("{:?}", secrets(SECRET)), "WebhookSecrets([redacted])");
    }

    proptest! {
        #[test]
        fn signatures_of_any_payload_are_verified(
            key in prop::collection::vec(any::<u8>(), 24..=64),
            id in "[!-\\-/-~]{1,100}",
            time: u64,
            body: Vec<u8>,
        ) {
            let secrets = secrets(&format!("whsec_{}", BASE64_STANDARD.encode(key)));
            let headers = headers(&id, time, &secrets.sign(&id, time, &body));
            let verified = secrets.verify(&headers, &body, time);
            prop_assert_eq!(verified, Ok(VerifiedWebhook { id, timestamp: time }));
        }

        #[test]
        fn made_up_signatures_are_refused(text in "[ -~]*", mac: [u8; 32]) {
            for signature in [text, format!("v1,{}", BASE64_STANDARD.encode(mac))] {
                let refused = verify(SECRET, &headers(ID, NOW, &signature));
                prop_assert_eq!(refused, Err(VerificationError::NoMatchingSignature));
            }
        }
    }
}
